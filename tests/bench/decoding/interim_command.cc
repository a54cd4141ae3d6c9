#include "tests/bench/decoding/interim_command.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "tests/bench/decoding/interim_results.h"
#include "tests/bench/decoding/logistic_fit.h"

namespace rill {
namespace {

constexpr int kBins = 10;
constexpr double kLevels[] = {0.5, 0.8, 0.9, 0.95, 0.99};

double Percent(double part, double whole) { return whole == 0 ? 0 : 100 * part / whole; }

void PrintChanges(const char* name, const std::vector<int>& taken_back) {
  double most[3] = {};
  for (const int words : taken_back) {
    for (int i = 0; i < 3; ++i) most[i] += words <= i;
  }
  const double updates = static_cast<double>(taken_back.size());
  absl::PrintF("taken-back\t%s\t%d\t%.2f\t%.2f\t%.2f\n", name, taken_back.size(),
               Percent(most[0], updates), Percent(most[1], updates), Percent(most[2], updates));
}

// Settled words must be in the final, all of them.
void PrintSettled(const char* name, const std::vector<JudgedInterim>& interims) {
  int words = 0, settled = 0, broken = 0;
  for (const JudgedInterim& interim : interims) {
    bool so_far = true;
    for (size_t i = 0; i < interim.survives.size(); ++i) {
      so_far &= interim.event.hypothesis.words[i].agreement == 1;
      ++words;
      settled += so_far;
      broken += so_far && !interim.survives[i];
    }
  }
  absl::PrintF("settled\t%s\t%d\t%.1f\t%d\n", name, words, Percent(settled, words), broken);
}

void PrintStability(const char* name, const std::vector<JudgedInterim>& interims) {
  std::vector<Prediction> results;
  for (const JudgedInterim& interim : interims) {
    results.push_back({interim.event.hypothesis.stability, interim.survivors()});
  }
  absl::PrintF("stability-error\t%s\t%.4f\n", name, CalibrationError(results, kBins));
  for (const double level : kLevels) {
    double count = 0, survivors = 0;
    for (const Prediction& result : results) {
      if (result.probability < level) continue;
      ++count;
      survivors += result.truth;
    }
    absl::PrintF("stability\t%s\t%.2f\t%.1f\t%.2f\n", name, level,
                 Percent(count, static_cast<double>(results.size())), Percent(survivors, count));
  }
}

}  // namespace

absl::Status InterimCommand::Run(const Evaluation& evaluation) const {
  absl::PrintF(
      "# taken-back decoder corpus updates percent-none percent-at-most-1 percent-at-most-2\n"
      "# settled decoder corpus words percent-settled settled-but-changed\n"
      "# stability-error decoder corpus expected-calibration-error\n"
      "# stability decoder corpus at-least percent-of-results percent-of-words-that-stay\n");
  for (const std::string& decoder : decoders) {
    const auto factory = evaluation.Factory({decoder});
    if (!factory.ok()) return factory.status();
    for (const LogProbCorpus& corpus : evaluation.corpora()) {
      InterimHistory all;
      for (const LogProbClip& clip : corpus.clips) {
        InterimHistory history =
            JudgeInterims(evaluation.Recognise(clip, *factory, nullptr, {}, evaluation.chunk()));
        all.taken_back.insert(all.taken_back.end(), history.taken_back.begin(),
                              history.taken_back.end());
        for (JudgedInterim& interim : history.interims) all.interims.push_back(std::move(interim));
      }
      const std::string name = decoder + "\t" + corpus.name;
      PrintChanges(name.c_str(), all.taken_back);
      PrintSettled(name.c_str(), all.interims);
      PrintStability(name.c_str(), all.interims);
    }
  }
  return absl::OkStatus();
}

}  // namespace rill
