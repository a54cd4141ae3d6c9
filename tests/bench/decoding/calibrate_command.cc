#include "tests/bench/decoding/calibrate_command.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/decoder/calibration.h"
#include "tests/bench/decoding/interim_results.h"
#include "tests/bench/decoding/logistic_fit.h"
#include "tests/bench/decoding/word_alignment.h"

namespace rill {
namespace {

constexpr int kBins = 10;
constexpr double kRidge = 1;

// What one decoder made of one corpus.
struct Sample {
  std::vector<Observation> words;     // right or not
  std::vector<double> raw;            // their confidences without calibration
  std::vector<Observation> interims;  // words that are not settled: stay or not
  std::vector<int> utterances;        // each word's
};

void AddFinals(const std::vector<StreamEvent>& events, const std::string& said,
               const LanguageModel* model, Sample* sample) {
  std::vector<std::string> heard;
  int utterance = sample->utterances.empty() ? 0 : sample->utterances.back() + 1;
  for (const StreamEvent& event : events) {
    if (event.kind != StreamEvent::Kind::kFinal) continue;
    const auto features = ConfidenceFeaturesOf(event.hypothesis, model);
    for (size_t i = 0; i < features.size(); ++i) {
      const Word& word = event.hypothesis.words[i];
      sample->words.push_back({{features[i].begin(), features[i].end()}, false});
      sample->raw.push_back(std::min(1.0, std::exp(double{word.evidence.mean_log_prob})));
      sample->utterances.push_back(utterance);
      heard.push_back(word.text);
    }
    ++utterance;
  }
  const std::vector<AlignedWord> aligned = AlignWords(SplitWords(said), heard);
  const size_t first = sample->words.size() - heard.size();
  for (size_t i = 0; i < heard.size(); ++i) sample->words[first + i].truth = aligned[i].correct;
}

void AddInterims(const std::vector<StreamEvent>& events, Sample* sample) {
  for (const JudgedInterim& interim : JudgeInterims(events).interims) {
    const Hypothesis& hypothesis = interim.event.hypothesis;
    for (size_t i = 0; i < hypothesis.words.size(); ++i) {
      if (hypothesis.words[i].agreement == 1) continue;
      const StabilityFeatures features = StabilityFeaturesOf(hypothesis, i, interim.event.end);
      sample->interims.push_back({{features.begin(), features.end()}, interim.survives[i]});
    }
  }
}

// Words to utterances: means of what is predicted and of what is true.
std::vector<Prediction> ByUtterance(const std::vector<Prediction>& words,
                                    const std::vector<int>& utterances) {
  std::vector<Prediction> result;
  for (size_t i = 0; i < words.size();) {
    Prediction sum;
    size_t end = i;
    for (; end < words.size() && utterances[end] == utterances[i]; ++end) {
      sum.probability += words[end].probability;
      sum.truth += words[end].truth;
    }
    const double count = static_cast<double>(end - i);
    result.push_back({sum.probability / count, sum.truth / count});
    i = end;
  }
  return result;
}

std::vector<Prediction> Predict(const std::vector<Observation>& observations,
                                absl::Span<const double> weights) {
  std::vector<Prediction> predictions;
  for (const Observation& observation : observations) {
    predictions.push_back(
        {Logistic(weights, observation.features), static_cast<double>(observation.truth)});
  }
  return predictions;
}

void PrintConfidence(const std::string& name, const char* kind, const Sample& sample,
                     const std::vector<Prediction>& words) {
  double right = 0;
  for (const Prediction& word : words) right += word.truth;
  const auto utterances = ByUtterance(words, sample.utterances);
  absl::PrintF("confidence\t%s\t%s\t%d\t%.1f\t%.4f\t%.4f\t%.4f\n", name, kind, words.size(),
               100 * right / static_cast<double>(words.size()), CalibrationError(words, kBins),
               RankingQuality(words), CalibrationError(utterances, kBins));
  const std::vector<ReliabilityBin> bins = Reliability(words, kBins);
  for (int i = 0; i < kBins; ++i) {
    absl::PrintF("reliability\t%s\t%s\t%d\t%d\t%.4f\t%.4f\n", name, kind, i, bins[i].count,
                 bins[i].probability, bins[i].truth);
  }
}

void PrintInterims(const std::string& name, const char* kind, const Sample& sample,
                   const Calibration& calibration) {
  const std::vector<Prediction> interims = Predict(sample.interims, calibration.stability);
  absl::PrintF("interim-words\t%s\t%s\t%d\t%.4f\t%.4f\n", name, kind, interims.size(),
               CalibrationError(interims, kBins), RankingQuality(interims));
}

void Print(const std::string& name, const char* kind, const Sample& sample,
           const Calibration& calibration) {
  PrintConfidence(name, kind, sample, Predict(sample.words, calibration.confidence));
  PrintInterims(name, kind, sample, calibration);
}

void PrintRaw(const std::string& name, const Sample& sample) {
  std::vector<Prediction> raw;
  for (size_t i = 0; i < sample.words.size(); ++i) {
    raw.push_back({sample.raw[i], static_cast<double>(sample.words[i].truth)});
  }
  PrintConfidence(name, "raw", sample, raw);
}

// On all samples but this one.
Calibration FitWithout(const std::vector<Sample>& samples, const Sample* left_out) {
  std::vector<Observation> words, interims;
  for (const Sample& sample : samples) {
    if (&sample == left_out) continue;
    words.insert(words.end(), sample.words.begin(), sample.words.end());
    interims.insert(interims.end(), sample.interims.begin(), sample.interims.end());
  }
  Calibration calibration;
  const auto fit = [](const std::vector<Observation>& observations, auto* weights) {
    const std::vector<double> fitted = FitLogistic(observations, kRidge);
    std::copy(fitted.begin(), fitted.end(), weights->begin());
  };
  fit(words, &calibration.confidence);
  fit(interims, &calibration.stability);
  return calibration;
}

bool HasWords(const Sample& sample) { return !sample.words.empty() && !sample.interims.empty(); }

}  // namespace

absl::Status CalibrateCommand::Run(const Evaluation& evaluation) const {
  absl::PrintF(
      "# confidence decoder corpus kind words percent-right expected-calibration-error "
      "area-under-roc utterances-expected-calibration-error\n"
      "# reliability decoder corpus kind bin words mean-confidence share-right\n"
      "# interim-words decoder corpus kind words expected-calibration-error area-under-roc\n");
  CalibrationTable table;
  for (const bool beam : {false, true}) {
    for (const bool with_model : {false, true}) {
      const LanguageModel* model = with_model ? evaluation.language_model() : nullptr;
      if (with_model && model == nullptr) continue;
      // All that is heard, noise too.
      const auto factory = evaluation.Factory({!beam        ? "greedy"
                                               : with_model ? "open"
                                                            : "beam",
                                               {},
                                               /*min_confidence=*/0});
      if (!factory.ok()) return factory.status();
      std::vector<Sample> samples;
      for (const LogProbCorpus& corpus : evaluation.corpora()) {
        Sample& sample = samples.emplace_back();
        for (const LogProbClip& clip : corpus.clips) {
          const auto events = evaluation.Recognise(clip, *factory, nullptr, {}, evaluation.chunk());
          AddFinals(events, clip.text, model, &sample);
          AddInterims(events, &sample);
        }
        if (!HasWords(sample)) {
          return absl::NotFoundError(absl::StrCat("nothing was heard in the corpus ", corpus.name));
        }
      }
      const std::string name = CalibrationTable::Name(beam, with_model);
      const Calibration calibration = FitWithout(samples, nullptr);
      table.Set(name, calibration);
      for (size_t i = 0; i < samples.size(); ++i) {
        const std::string line = absl::StrCat(name, "\t", evaluation.corpora()[i].name);
        PrintRaw(line, samples[i]);
        if (samples.size() > 1) {
          Print(line, "held-out", samples[i], FitWithout(samples, &samples[i]));
        }
        Print(line, "fitted", samples[i], calibration);
      }
    }
  }
  absl::PrintF("# %s %s\n", CalibrationTable::kMetadataKey, table.ToJson());
  if (!write) return absl::OkStatus();
  return SetModelMetadata(evaluation.model().path(), CalibrationTable::kMetadataKey,
                          table.ToJson());
}

}  // namespace rill
