// A clock that only moves when told to, or slept on. One thread.
#pragma once

#include <vector>

#include "client/audio/pacer.h"

namespace rill::client {

class FakeClock : public Clock {
 public:
  Time Now() override { return now_; }
  void SleepUntil(Time time) override {
    sleeps.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(time - now_));
    now_ = time;
  }
  void Advance(Time::duration duration) { now_ += duration; }

  std::vector<std::chrono::milliseconds> sleeps;

 private:
  Time now_{};
};

}  // namespace rill::client
