// rill-decode-eval: word error rates of a model on recordings with texts, for any settings of the
// decoder, and what decoding costs. See docs/decoding.md.
#include <time.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/training/data/error_rate.h"
#include "model/utterance_builder.h"
#include "tests/bench/log_prob_corpus.h"

namespace rill {
namespace {

constexpr int64_t kSamplesPerFrame = 640;

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Lists: every combination is tried.
struct Sweep {
  std::vector<std::string> decoders = {"greedy", "beam", "open", "lexicon"};
  std::vector<int> beams = {BeamOptions().beam};
  std::vector<float> lm_weights = {BeamOptions().lm_weight};
  std::vector<float> word_bonuses = {BeamOptions().word_bonus};
  std::vector<float> blank_penalties = {BeamOptions().blank_penalty};
  std::vector<float> token_thresholds = {BeamOptions().token_threshold};
  std::vector<float> beam_thresholds = {BeamOptions().beam_threshold};
  std::vector<float> unknown_words = {BeamOptions().unknown_word_penalty};
  std::vector<float> unknown_letters = {BeamOptions().unknown_letter_penalty};
};

struct Setting {
  std::string decoder;
  BeamOptions beam;
};

// Settings that a decoder does not look at are not varied for it.
std::vector<Setting> Settings(const Sweep& sweep) {
  std::vector<Setting> settings;
  for (const std::string& decoder : sweep.decoders) {
    const bool beam = decoder != "greedy", model = decoder == "open" || decoder == "lexicon";
    std::vector<Setting> some(1, {decoder, {}});
    some[0].beam.lexicon = decoder == "lexicon";
    const auto vary = [&some](bool used, auto BeamOptions::*field, const auto& values) {
      std::vector<Setting> varied;
      for (Setting setting : some) {
        for (const auto value : values) {
          setting.beam.*field = value;
          varied.push_back(setting);
          if (!used) break;
        }
      }
      some = varied;
    };
    vary(beam, &BeamOptions::beam, sweep.beams);
    vary(model, &BeamOptions::lm_weight, sweep.lm_weights);
    vary(beam, &BeamOptions::word_bonus, sweep.word_bonuses);
    vary(beam, &BeamOptions::blank_penalty, sweep.blank_penalties);
    vary(beam, &BeamOptions::token_threshold, sweep.token_thresholds);
    vary(beam, &BeamOptions::beam_threshold, sweep.beam_thresholds);
    vary(decoder == "open", &BeamOptions::unknown_word_penalty, sweep.unknown_words);
    vary(decoder == "open", &BeamOptions::unknown_letter_penalty, sweep.unknown_letters);
    settings.insert(settings.end(), some.begin(), some.end());
  }
  return settings;
}

std::string Decode(const LogProbClip& clip, const DecoderFactory& factory, size_t vocabulary) {
  UtteranceOptions options;
  options.interim_results = false;
  UtteranceBuilder builder(factory, nullptr, options);
  int64_t time = 0;
  for (size_t at = 0; at < clip.log_probs.size(); at += vocabulary) {
    builder.Accept({clip.log_probs.data() + at, vocabulary}, time, time + kSamplesPerFrame);
    time += kSamplesPerFrame;
  }
  builder.End();
  std::string text;
  for (const StreamEvent& event : builder.TakeEvents()) {
    if (event.kind == StreamEvent::Kind::kFinal) absl::StrAppend(&text, event.hypothesis.text, " ");
  }
  return text;
}

struct Arguments {
  std::string model, language_model, half = "all", show;
  std::vector<std::string> dev;
  int chunk = 8;
  Sweep sweep;
};

bool Wanted(const std::string& half, size_t clip) {
  return half == "all" || (half == "odd") == (clip % 2 == 0);
}

absl::Status EvaluateSetting(const Setting& setting, const std::vector<LogProbCorpus>& corpora,
                             const ModelConfig& config, const LanguageModel* language_model,
                             const Arguments& arguments) {
  DecoderOptions options;
  options.kind =
      setting.decoder == "greedy" ? DecoderOptions::Kind::kGreedy : DecoderOptions::Kind::kBeam;
  options.beam = setting.beam;
  const bool with_model = setting.decoder == "open" || setting.decoder == "lexicon";
  const auto factory =
      DecoderFactory::Create(&config.tokens, with_model ? language_model : nullptr, options);
  if (!factory.ok()) return factory.status();
  for (const LogProbCorpus& corpus : corpora) {
    training::ErrorRates errors;
    double seconds = 0, cpu = 0;
    for (size_t i = 0; i < corpus.clips.size(); ++i) {
      if (!Wanted(arguments.half, i)) continue;
      const LogProbClip& clip = corpus.clips[i];
      const double start = CpuSeconds();
      const std::string text = Decode(clip, *factory, config.tokens.size());
      cpu += CpuSeconds() - start;
      seconds += clip.seconds;
      errors.Add(clip.text, text);
      if (!arguments.show.empty()) absl::PrintF("ref %s\nhyp %s\n", clip.text, text);
    }
    const BeamOptions& beam = setting.beam;
    absl::PrintF(
        "WER %6.2f  CER %6.2f  S/D/I %4d/%4d/%4d  %.3f ms/s  %-27s %-7s beam %3d lm %.2f bonus "
        "%5.2f "
        "blank %4.1f token %4.1f prune %4.1f unknown %4.1f/%.1f\n",
        errors.words.rate(), errors.characters.rate(), errors.words.substitutions,
        errors.words.deletions, errors.words.insertions, 1000 * cpu / seconds, corpus.name,
        setting.decoder, beam.beam, beam.lm_weight, beam.word_bonus, beam.blank_penalty,
        beam.token_threshold, beam.beam_threshold, beam.unknown_word_penalty,
        beam.unknown_letter_penalty);
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

absl::Status Run(const Arguments& arguments) {
  const auto file = ModelFile::Open(arguments.model);
  if (!file.ok()) return file.status();
  const auto encoder = Encoder::Create(**file, {});
  if (!encoder.ok()) return encoder.status();
  std::unique_ptr<LanguageModel> language_model;
  if (!arguments.language_model.empty()) {
    auto opened = LanguageModel::Open(arguments.language_model);
    if (!opened.ok()) return opened.status();
    language_model = *std::move(opened);
  }
  const auto corpora = ReadLogProbs(arguments.dev, **encoder, arguments.chunk);
  if (!corpora.ok()) return corpora.status();
  for (const Setting& setting : Settings(arguments.sweep)) {
    const absl::Status status =
        EvaluateSetting(setting, *corpora, (*encoder)->config(), language_model.get(), arguments);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace rill

int main(int argc, char** argv) {
  rill::Arguments arguments;
  rill::Sweep& sweep = arguments.sweep;
  CLI::App program(
      "Word error rates for any settings of the decoder. Lists (0.3,0.5) are tried in every\n"
      "combination; the encoder runs once. A line a setting and corpus: word and character errors "
      "in\n"
      "percent, substitutions, deletions and insertions of words, CPU time of decoding a second "
      "of\n"
      "audio, the settings. Pipe it through `sort` to see the best first.");
  program.footer(
      "  rill-decode-eval --model model/pretrained/rill-en-xs.safetensors \\\n"
      "    --lm model/pretrained/en-60k-3gram.rlm --decoder lexicon --lm-weight 0.3,0.5 "
      "SPEECH/dev\n");
  program.add_option("--model", arguments.model, "Speech model, *.safetensors")->required();
  program.add_option("--lm", arguments.language_model, "Language model, *.rlm");
  program.add_option("dev", arguments.dev, "Folders with manifest.tsv, or manifests")->required();
  program.add_option("--half", arguments.half, "Of each manifest's clips: all, odd or even ones")
      ->check(CLI::IsMember({"all", "odd", "even"}))
      ->capture_default_str();
  program.add_option("--chunk", arguments.chunk, "Encoder frames a chunk")
      ->check(CLI::IsMember({1, 2, 4, 8, 16}))
      ->capture_default_str();
  program.add_flag("--show{yes}", arguments.show, "Print what was said and what was heard");
  const auto list = [&program](const char* flag, auto& values, const char* text) {
    return program.add_option(flag, values, text)->delimiter(',')->capture_default_str();
  };
  list("--decoder", sweep.decoders, "greedy; beam: without language model; open, lexicon: with it")
      ->check(CLI::IsMember({"greedy", "beam", "open", "lexicon"}));
  list("--beam", sweep.beams, "Hypotheses");
  list("--lm-weight", sweep.lm_weights, "Weight of the language model");
  list("--word-bonus", sweep.word_bonuses, "Added for each word");
  list("--blank-penalty", sweep.blank_penalties, "Taken off the blank");
  list("--token-threshold", sweep.token_thresholds,
       "Letters worse than the best by more: not tried");
  list("--beam-threshold", sweep.beam_thresholds, "Texts worse than the best by more: dropped");
  list("--unknown-word", sweep.unknown_words, "Penalty of an unknown word");
  list("--unknown-letter", sweep.unknown_letters, "Penalty of each of its letters");
  CLI11_PARSE(program, argc, argv);
  const absl::Status status = rill::Run(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "rill-decode-eval: %s\n", status.ToString().c_str());
  return 1;
}
