#include "tests/bench/decoding/noise_command.h"

#include "absl/strings/str_format.h"

namespace rill {

absl::Status NoiseCommand::Run(const Evaluation& evaluation) const {
  absl::PrintF(
      "# noise decoder corpus min-confidence minutes words-a-minute speech-starts-a-minute "
      "recordings-with-words "
      "recordings\n");
  std::vector<DecoderSetting> settings;
  for (const std::string& decoder : decoders) {
    for (const float confidence : min_confidences) settings.push_back({decoder, {}, confidence});
  }
  for (const DecoderSetting& setting : settings) {
    const auto factory = evaluation.Factory(setting);
    if (!factory.ok()) return factory.status();
    for (const LogProbCorpus& corpus : evaluation.corpora()) {
      UtteranceOptions options;
      options.interim_results = false;
      options.speech_events = true;
      double minutes = 0;
      int words = 0, clips = 0, starts = 0;
      for (const LogProbClip& clip : corpus.clips) {
        minutes += clip.seconds / 60;
        const int before = words;
        for (const StreamEvent& event : evaluation.Recognise(clip, *factory, nullptr, options, 1)) {
          starts += event.kind == StreamEvent::Kind::kSpeechStart;
          if (event.kind != StreamEvent::Kind::kFinal) continue;
          words += static_cast<int>(event.hypothesis.words.size());
          if (show) {
            absl::PrintF("# %.2f %s\n", event.hypothesis.confidence, event.hypothesis.text);
          }
        }
        clips += words > before;
      }
      absl::PrintF("noise\t%s\t%s\t%.2f\t%.1f\t%.2f\t%.2f\t%d\t%d\n", setting.decoder, corpus.name,
                   setting.min_confidence, minutes, words / minutes, starts / minutes, clips,
                   corpus.clips.size());
    }
  }
  return absl::OkStatus();
}

}  // namespace rill
