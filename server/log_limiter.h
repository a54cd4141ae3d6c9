// Keeps callers that the server refuses from filling its log: a burst of lines, then a few a
// second, each saying how many were left out before it (a token bucket). Any thread; the time is
// the caller's.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace rill::server {

class LogLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  LogLimiter(int burst, int per_second) : burst_(burst), per_second_(per_second), left_(burst) {}

  // How many lines were left out since the last one, if another may be written at `now`.
  std::optional<int64_t> Next(TimePoint now) {
    std::lock_guard lock(mutex_);
    const std::chrono::duration<double> since = now - last_;
    last_ = now;
    left_ = std::min(burst_, left_ + std::max(0.0, since.count()) * per_second_);
    if (left_ < 1) {
      ++left_out_;
      return std::nullopt;
    }
    --left_;
    return std::exchange(left_out_, 0);
  }

 private:
  const double burst_;
  const double per_second_;
  std::mutex mutex_;
  double left_;  // guarded by mutex_, as all below
  int64_t left_out_ = 0;
  TimePoint last_;
};

}  // namespace rill::server
