#include "client/audio/pacer.h"

#include <thread>

namespace rill::client {
namespace {

class SteadyClock : public Clock {
 public:
  Time Now() override { return std::chrono::steady_clock::now(); }
  void SleepUntil(Time time) override { std::this_thread::sleep_until(time); }
};

}  // namespace

Clock* Clock::Real() {
  static SteadyClock clock;
  return &clock;
}

void Pacer::WaitFor(std::chrono::microseconds duration) {
  sent_ += duration;
  const Clock::Time due = start_ + sent_;
  if (due > clock_->Now()) clock_->SleepUntil(due);
}

}  // namespace rill::client
