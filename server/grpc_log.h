// gRPC's own lines, such as those about handshakes that failed, in the form of ours, and less
// often: it repeats itself, and anybody who reaches the port can make it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

namespace rill::server {

// From now on gRPC logs through Log: errors as warnings, the rest for debugging. Any thread.
void TakeGrpcLog();

// Lets a message through that it has not let through lately. Any thread.
class RepeatFilter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // False: one of the last few different messages was the same, less than a minute ago.
  bool Allow(const std::string& message, TimePoint now);

 private:
  struct Entry {
    std::string message;
    TimePoint last;
  };
  std::mutex mutex_;
  std::array<Entry, 16> entries_;  // guarded by mutex_; the oldest is replaced
  size_t next_ = 0;                // guarded by mutex_
};

}  // namespace rill::server
