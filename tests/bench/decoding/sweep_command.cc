#include "tests/bench/decoding/sweep_command.h"

#include <cstdio>

#include "absl/strings/str_format.h"
#include "model/training/data/error_rate.h"
#include "tests/bench/cpu_seconds.h"

namespace rill {
namespace {

// Settings that a decoder does not look at are not varied for it.
std::vector<DecoderSetting> Settings(const Sweep& sweep) {
  std::vector<DecoderSetting> settings;
  for (const std::string& decoder : sweep.decoders) {
    const bool beam = decoder != "greedy", model = decoder == "open" || decoder == "lexicon";
    std::vector<DecoderSetting> some;
    for (const float confidence : sweep.min_confidences) {
      for (const int alternatives : sweep.alternatives) {
        some.push_back({decoder, {}, confidence, alternatives});
        if (!beam) break;
      }
    }
    const auto vary = [&some](bool used, auto BeamOptions::*field, const auto& values) {
      std::vector<DecoderSetting> varied;
      for (DecoderSetting setting : some) {
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
    vary(model, &BeamOptions::letter_bonus, sweep.letter_bonuses);
    vary(beam, &BeamOptions::blank_penalty, sweep.blank_penalties);
    vary(beam, &BeamOptions::token_threshold, sweep.token_thresholds);
    vary(beam, &BeamOptions::beam_threshold, sweep.beam_thresholds);
    vary(decoder == "open", &BeamOptions::unknown_word_penalty, sweep.unknown_words);
    vary(decoder == "open", &BeamOptions::unknown_letter_penalty, sweep.unknown_letters);
    settings.insert(settings.end(), some.begin(), some.end());
  }
  return settings;
}

bool Wanted(const std::string& half, size_t clip) {
  return half == "all" || (half == "odd") == (clip % 2 == 0);
}

}  // namespace

absl::Status SweepCommand::Run(const Evaluation& evaluation) const {
  absl::PrintF(
      "# wer corpus decoder beam lm-weight word-bonus letter-bonus blank-penalty token-threshold "
      "beam-threshold unknown-word unknown-letter word-errors character-errors substitutions "
      "deletions insertions cpu-ms-per-second min-confidence alternatives\n");
  for (const DecoderSetting& setting : Settings(sweep)) {
    if (absl::Status status = RunSetting(setting, evaluation); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SweepCommand::RunSetting(const DecoderSetting& setting,
                                      const Evaluation& evaluation) const {
  const auto factory = evaluation.Factory(setting);
  if (!factory.ok()) return factory.status();
  for (const LogProbCorpus& corpus : evaluation.corpora()) {
    training::ErrorRates errors;
    double seconds = 0, cpu = 0;
    for (size_t i = 0; i < corpus.clips.size(); ++i) {
      if (!Wanted(half, i)) continue;
      const LogProbClip& clip = corpus.clips[i];
      const double start = CpuSeconds();
      const std::string text = JoinWords(evaluation.FinalWords(clip, *factory));
      cpu += CpuSeconds() - start;
      seconds += clip.seconds;
      errors.Add(clip.text, text);
      if (show) absl::PrintF("# ref %s\n# hyp %s\n", clip.text, text);
    }
    const BeamOptions& beam = setting.beam;
    absl::PrintF(
        "wer\t%s\t%s\t%d\t%.2f\t%.2f\t%.2f\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t%.2f\t%.2f\t%d\t%d\t%d"
        "\t%.4f\t%.2f\t%d\n",
        corpus.name, setting.decoder, beam.beam, beam.lm_weight, beam.word_bonus, beam.letter_bonus,
        beam.blank_penalty, beam.token_threshold, beam.beam_threshold, beam.unknown_word_penalty,
        beam.unknown_letter_penalty, errors.words.rate(), errors.characters.rate(),
        errors.words.substitutions, errors.words.deletions, errors.words.insertions,
        1000 * cpu / seconds, setting.min_confidence, setting.alternatives);
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

}  // namespace rill
