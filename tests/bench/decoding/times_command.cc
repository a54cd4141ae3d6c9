#include "tests/bench/decoding/times_command.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "tests/bench/decoding/ctc_alignment.h"
#include "tests/bench/decoding/word_alignment.h"

namespace rill {
namespace {

constexpr double kCloseMs = 80;
constexpr int64_t kLeastSilence = 100 * kSamplesPerMs;

struct Differences {
  std::vector<double> ms;

  void Add(int64_t samples) { ms.push_back(static_cast<double>(samples) / kSamplesPerMs); }
  void Print(const char* what, const std::string& decoder, const std::string& corpus) {
    if (ms.empty()) return;
    double sum = 0, signed_sum = 0, close = 0;
    for (double& difference : ms) {
      signed_sum += difference;
      difference = std::abs(difference);
      sum += difference;
      close += difference <= kCloseMs;
    }
    std::nth_element(ms.begin(), ms.begin() + static_cast<int64_t>(ms.size() / 2), ms.end());
    const double count = static_cast<double>(ms.size());
    absl::PrintF("%s\t%s\t%s\t%d\t%.1f\t%.0f\t%.1f\t%.1f\n", what, decoder, corpus, ms.size(),
                 sum / count, ms[ms.size() / 2], 100 * close / count, signed_sum / count);
  }
};

// The alignment itself against the recordings' loudness: the first and the last word of each clip
// that is silent before or after it.
void CheckReference(const LogProbCorpus& corpus, const ModelConfig& config) {
  Differences onsets, offsets;
  size_t left_out = 0;
  for (const LogProbClip& clip : corpus.clips) {
    const std::vector<AlignedSpan> spans =
        AlignText(clip.log_probs, config.outputs(), config.tokens, SplitWords(clip.text));
    if (spans.empty()) {
      ++left_out;
      continue;
    }
    const auto samples = static_cast<int64_t>(clip.seconds * 1000) * kSamplesPerMs;
    if (clip.loud_begin >= kLeastSilence) {
      onsets.Add(spans.front().first * kSamplesPerFrame - clip.loud_begin);
    }
    if (samples - clip.loud_end >= kLeastSilence) {
      offsets.Add((spans.back().last + 1) * kSamplesPerFrame - clip.loud_end);
    }
  }
  if (left_out > 0) {
    absl::FPrintF(stderr,
                  "%s: %d of %d clips are left out: nothing is said in them, or their text cannot "
                  "be aligned\n",
                  corpus.name, left_out, corpus.clips.size());
  }
  onsets.Print("onset", "alignment", corpus.name);
  offsets.Print("offset", "alignment", corpus.name);
}

}  // namespace

absl::Status TimesCommand::Run(const Evaluation& evaluation) const {
  absl::PrintF(
      "# start, end, onset, offset decoder corpus words mean-ms median-ms percent-within-80-ms "
      "mean-signed-ms\n");
  const auto references = evaluation.Corpora(reference_chunk);
  if (!references.ok()) return references.status();
  for (const LogProbCorpus& corpus : *references) {
    CheckReference(corpus, evaluation.config());
  }
  for (const std::string& decoder : decoders) {
    const auto factory = evaluation.Factory({decoder});
    if (!factory.ok()) return factory.status();
    for (size_t c = 0; c < references->size(); ++c) {
      const LogProbCorpus& corpus = evaluation.corpora()[c];
      Differences starts, ends;
      for (size_t i = 0; i < corpus.clips.size(); ++i) {
        const std::vector<std::string> said = SplitWords(corpus.clips[i].text);
        const std::vector<AlignedSpan> spans =
            AlignText((*references)[c].clips[i].log_probs, evaluation.outputs(),
                      evaluation.config().tokens, said);
        if (spans.empty()) continue;
        const std::vector<Word> heard = evaluation.FinalWords(corpus.clips[i], *factory);
        std::vector<std::string> texts;
        for (const Word& word : heard) texts.push_back(word.text);
        const std::vector<AlignedWord> aligned = AlignWords(said, texts);
        for (size_t k = 0; k < heard.size(); ++k) {
          if (!aligned[k].correct) continue;
          const AlignedSpan& span = spans[aligned[k].reference];
          starts.Add(heard[k].start - span.first * kSamplesPerFrame);
          ends.Add(heard[k].end - (span.last + 1) * kSamplesPerFrame);
        }
      }
      starts.Print("start", decoder, corpus.name);
      ends.Print("end", decoder, corpus.name);
    }
  }
  return absl::OkStatus();
}

}  // namespace rill
