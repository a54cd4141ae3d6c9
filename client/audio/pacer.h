// When to send the next piece of audio, so that a recording arrives like live speech: each piece at
// the moment its last sample would have been spoken. After a delay it catches up at once; it never
// skips. Thread rule: one thread at a time.
#pragma once

#include <chrono>

namespace rill::client {

// Time as the pacer sees it; tests have their own.
class Clock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  virtual ~Clock() = default;
  virtual Time Now() = 0;
  virtual void SleepUntil(Time time) = 0;

  static Clock* Real();
};

class Pacer {
 public:
  explicit Pacer(Clock* clock) : clock_(clock), start_(clock->Now()) {}  // not owned

  // Before sending a piece of this length: waits until it is due.
  void WaitFor(std::chrono::microseconds duration);

 private:
  Clock* clock_;
  const Clock::Time start_;
  std::chrono::microseconds sent_{0};
};

}  // namespace rill::client
