// rill-eval: how well a running server understands recordings whose words are known.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/connection_options.h"
#include "client/cli/recognition_options.h"
#include "model/progress_bar.h"
#include "tests/eval/evaluation.h"

namespace rill::eval {
namespace {

constexpr char kHelp[] =
    R"(How well a running server understands recordings whose words are known: word error rates with
substitutions, deletions and insertions and where 95 % of such rates lie by chance (bootstrap over
speakers, or clips where speakers are few).)";

constexpr char kExamples[] = R"(
  rill-server &
  rill-eval SPEECH/dev                                     every manifest.tsv in it
  rill-eval SPEECH/dev --chunk-ms 40,320,640 --speakers
  rill-eval SPEECH/dev --condition clean,noise20,noise10,noise5,telephone,level-30 --noise NOISE
  rill-eval SPEECH/dev --stream-minutes 60                 an hour in one stream: errors by minute
  rill-eval SPEECH/dev --live --jobs 50                    when each word appears
)";

struct Arguments {
  client::ConnectionOptions connection;
  EvaluationOptions evaluation;
  std::vector<std::string> corpora;
  std::vector<int> chunks = {320};
  std::vector<std::string> conditions = {"clean"};
  std::string noise;
  std::string output;
  std::string table;
  bool speakers = false;
};

struct Setting {
  std::string corpus;
  std::string condition;
  int chunk_ms = 0;
};

// The clips of a setting, or some of them: `group` says which, and is empty for all.
void PrintRow(const Setting& setting, const std::string& group, absl::Span<const Heard> clips,
              std::ofstream* table) {
  const training::EditCounts total = Total(clips);
  const Interval interval = Bootstrap(clips);
  std::vector<double> latencies;
  for (const Heard& clip : clips) {
    latencies.insert(latencies.end(), clip.latencies.begin(), clip.latencies.end());
  }
  std::string line = absl::StrFormat(
      "%-34s %-10s %5d %7d %6.2f  %5.1f-%-5.1f %5d %5d %5d",
      group.empty() ? setting.corpus : absl::StrCat("  ", setting.corpus, ": ", group),
      setting.condition, setting.chunk_ms, total.reference, total.rate(), interval.low,
      interval.high, total.substitutions, total.deletions, total.insertions);
  const double median = 1000 * Percentile(latencies, 50), late = 1000 * Percentile(latencies, 95);
  if (!latencies.empty()) absl::StrAppendFormat(&line, "  %4.0f %4.0f", median, late);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  *table << absl::StrFormat("%s\t%s\t%d\t%s\t%d\t%.3f\t%.3f\t%.3f\t%d\t%d\t%d\t%.0f\t%.0f\n",
                            setting.corpus, setting.condition, setting.chunk_ms, group,
                            total.reference, total.rate(), interval.low, interval.high,
                            total.substitutions, total.deletions, total.insertions, median, late)
         << std::flush;
}

void PrintGroups(const Setting& setting, const std::map<std::string, std::vector<Heard>>& groups,
                 std::ofstream* table) {
  for (const auto& [name, clips] : groups) PrintRow(setting, name, clips, table);
}

// Errors over the time of long streams.
std::map<std::string, std::vector<Heard>> ByMinutes(absl::Span<const Heard> clips) {
  constexpr int kGroupMinutes = 10;
  std::map<std::string, std::vector<Heard>> groups;
  for (const Heard& clip : clips) {
    const int group = static_cast<int>(clip.begin / 60) / kGroupMinutes * kGroupMinutes;
    groups[absl::StrFormat("minute %3d-%d", group, group + kGroupMinutes)].push_back(clip);
  }
  return groups;
}

std::map<std::string, std::vector<Heard>> BySpeaker(absl::Span<const Heard> clips) {
  std::map<std::string, std::vector<Heard>> groups;
  for (const Heard& clip : clips) groups[clip.speaker].push_back(clip);
  return groups;
}

// A file with the names of its columns, unless `path` is empty.
absl::Status OpenTable(const std::string& flag, const std::string& path, const char* columns,
                       std::ofstream* file) {
  if (path.empty()) return absl::OkStatus();
  file->open(path);
  *file << columns << std::endl;
  if (file->good()) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat(flag, " ", path, ": cannot be written"));
}

void WriteClips(const Setting& setting, absl::Span<const Heard> clips, std::ofstream* file) {
  for (const Heard& clip : clips) {
    *file << setting.corpus << '\t' << setting.condition << '\t' << setting.chunk_ms << '\t'
          << clip.speaker << '\t' << clip.begin << '\t' << clip.seconds << '\t'
          << clip.words.reference << '\t' << clip.words.substitutions << '\t'
          << clip.words.deletions << '\t' << clip.words.insertions << '\t' << clip.reference << '\t'
          << clip.hypothesis << '\n';
  }
  file->flush();
}

absl::Status Run(Arguments arguments) {
  absl::Status status = arguments.connection.Finish();
  if (!status.ok()) return status;
  arguments.evaluation.connection = arguments.connection.connection;
  const auto corpora = training::ReadManifests(arguments.corpora);
  if (!corpora.ok()) return corpora.status();
  std::optional<NoiseSource> noise;
  if (!arguments.noise.empty()) {
    auto opened = NoiseSource::Open(arguments.noise);
    if (!opened.ok()) return opened.status();
    noise = *std::move(opened);
  }
  std::vector<Condition> conditions;
  for (const std::string& name : arguments.conditions) {
    auto condition = Condition::Parse(name);
    if (!condition.ok()) return condition.status();
    conditions.push_back(*std::move(condition));
  }
  std::ofstream output, table;
  status.Update(OpenTable("--output", arguments.output,
                          "corpus\tcondition\tchunk_ms\tspeaker\tbegin\tseconds\twords\t"
                          "substitutions\tdeletions\tinsertions\treference\thypothesis",
                          &output));
  status.Update(OpenTable("--table", arguments.table,
                          "corpus\tcondition\tchunk_ms\tgroup\twords\twer\tlow\thigh\t"
                          "substitutions\tdeletions\tinsertions\tp50_ms\tp95_ms",
                          &table));
  if (!status.ok()) return status;
  std::printf("%-34s %-10s %5s %7s %6s  %11s %5s %5s %5s%s\n", "corpus", "condition", "chunk",
              "words", "WER %", "95 %", "sub", "del", "ins",
              arguments.evaluation.live ? "  p50  p95 ms" : "");
  for (const training::Manifest& corpus : *corpora) {
    double seconds = 0;
    for (const training::ManifestClip& clip : corpus.clips) seconds += clip.seconds;
    for (const Condition& condition : conditions) {
      for (const int chunk_ms : arguments.chunks) {
        arguments.evaluation.recognition.set_chunk_ms(chunk_ms);
        ProgressBar bar(corpus.name, seconds, true);
        std::mutex mutex;
        const auto heard = Evaluate(corpus, condition, noise ? &*noise : nullptr,
                                    arguments.evaluation, [&](double done) {
                                      std::lock_guard lock(mutex);
                                      bar.Add(done);
                                    });
        if (!heard.ok()) return heard.status();
        const Setting setting = {corpus.name, condition.name, chunk_ms};
        PrintRow(setting, "", *heard, &table);
        if (arguments.speakers) PrintGroups(setting, BySpeaker(*heard), &table);
        if (arguments.evaluation.stream_minutes > 0) {
          PrintGroups(setting, ByMinutes(*heard), &table);
        }
        WriteClips(setting, *heard, &output);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace rill::eval

int main(int argc, char** argv) {
  using rill::eval::kExamples;
  using rill::eval::kHelp;
  rill::eval::Arguments arguments;
  CLI::App program(kHelp, "rill-eval");
  program.footer(kExamples);
  program.add_option("corpora", arguments.corpora, "Folders with manifest.tsv, or manifests")
      ->required();
  rill::client::AddRecognitionOptions(&program, &arguments.evaluation.recognition);
  program.remove_option(program.get_option("--chunk-ms"));  // here it is a list
  program.add_option("--chunk-ms", arguments.chunks, "Audio the encoder takes at a time")
      ->delimiter(',')
      ->check(CLI::IsMember({40, 80, 160, 320, 640}))
      ->capture_default_str();
  program
      .add_option("--condition", arguments.conditions,
                  "clean; noiseN: speech N dB above a sound of --noise; level-30: softer by 30 dB; "
                  "telephone: 8 kHz, mu-law")
      ->delimiter(',')
      ->capture_default_str();
  program.add_option(
      "--noise", arguments.noise,
      "Folder of recordings without speech; those that rill-train leaves out are mixed in");
  program.add_option(
      "--stream-minutes", arguments.evaluation.stream_minutes,
      "Join clips to streams so long, and tell errors over their time; a corpus that does "
      "not last so long is heard again, in another order");
  program.add_flag("--live", arguments.evaluation.live,
                   "At the pace of speech, with latencies: from the end of a word to the first "
                   "result that has it");
  program.add_flag("--speakers", arguments.speakers, "A row for each speaker, too");
  program.add_option("-j,--jobs", arguments.evaluation.jobs, "Streams at the same time")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  program.add_option("--output", arguments.output, "Write a line a clip (TSV)");
  program.add_option("--table", arguments.table, "Write the rows printed (TSV)");
  arguments.connection.AddTo(&program);
  CLI11_PARSE(program, argc, argv);
  const absl::Status status = rill::eval::Run(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "rill-eval: %s\n", std::string(status.message()).c_str());
  return 1;
}
