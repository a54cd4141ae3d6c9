#include "tests/eval/score.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

namespace rill::eval {

using training::EditCounts;

EditCounts Total(absl::Span<const Heard> clips) {
  EditCounts total;
  for (const Heard& clip : clips) total += clip.words;
  return total;
}

Interval Bootstrap(absl::Span<const Heard> clips, int draws) {
  constexpr size_t kEnoughSpeakers = 20;
  std::map<std::string, EditCounts> speakers;
  for (const Heard& clip : clips) speakers[clip.speaker] += clip.words;
  std::vector<EditCounts> units;
  if (speakers.size() >= kEnoughSpeakers) {
    for (const auto& [speaker, counts] : speakers) units.push_back(counts);
  } else {
    for (const Heard& clip : clips) units.push_back(clip.words);
  }
  if (units.empty()) return {};
  std::mt19937 random(1);
  std::uniform_int_distribution<size_t> choose(0, units.size() - 1);
  std::vector<double> rates;
  for (int draw = 0; draw < draws; ++draw) {
    EditCounts drawn;
    for (size_t i = 0; i < units.size(); ++i) drawn += units[choose(random)];
    rates.push_back(drawn.rate());
  }
  return {Percentile(rates, 2.5), Percentile(rates, 97.5)};
}

double Percentile(std::vector<double> values, double percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double place = percent / 100 * static_cast<double>(values.size() - 1);
  return values[static_cast<size_t>(std::lround(place))];
}

}  // namespace rill::eval
