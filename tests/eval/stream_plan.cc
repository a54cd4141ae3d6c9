#include "tests/eval/stream_plan.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace rill::eval {

std::vector<std::vector<size_t>> PlanStreams(const training::Manifest& corpus, double minutes) {
  const double wanted = minutes * 60;
  std::vector<size_t> order(corpus.clips.size());
  std::iota(order.begin(), order.end(), 0);
  double total = 0;
  for (const training::ManifestClip& clip : corpus.clips) total += clip.seconds;
  std::vector<size_t> again = order;
  std::mt19937 random(1);
  while (total > 0 && total < wanted) {
    std::shuffle(again.begin(), again.end(), random);
    for (size_t i = 0; i < again.size() && total < wanted; ++i) {
      order.push_back(again[i]);
      total += corpus.clips[again[i]].seconds;
    }
  }

  std::vector<std::vector<size_t>> streams;
  double seconds = wanted;
  for (const size_t clip : order) {
    if (seconds >= wanted) {
      streams.emplace_back();
      seconds = 0;
    }
    streams.back().push_back(clip);
    seconds += corpus.clips[clip].seconds;
  }
  return streams;
}

}  // namespace rill::eval
