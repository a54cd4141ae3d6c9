// Counts observations into buckets, without a lock: a few relaxed additions each. Any thread. What
// Snapshot sees of observations that go on at the same moment is near enough for a page that is
// read every few seconds.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace rill::server {

class Histogram {
 public:
  // Upper bounds of the buckets, rising; one without a bound follows.
  explicit Histogram(std::vector<double> bounds);

  void Observe(double value);

  struct Snapshot {
    std::vector<double> bounds;
    std::vector<uint64_t> counts;  // of each bucket for itself; one more than bounds
    double sum = 0;
  };
  Snapshot Take() const;

 private:
  const std::vector<double> bounds_;
  const std::unique_ptr<std::atomic<uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

}  // namespace rill::server
