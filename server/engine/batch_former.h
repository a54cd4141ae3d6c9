// Decides which streams go into the next step of the model, and when. A pure policy: it owns no
// stream and no thread, and is told the time. Not thread-safe.
//
// A batch is released when every open stream has something to do, when `max_batch` streams have, or
// when the longest-waiting stream has waited `deadline`, whichever comes first. The first to fall
// due go first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rill::server {

class BatchFormer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;
  using Id = uint64_t;

  struct Limits {
    int max_batch = 64;
    Duration deadline = std::chrono::milliseconds(10);
  };

  explicit BatchFormer(const Limits& limits);

  // A stream comes and goes. A closed stream is not waiting any more.
  void Open(Id id);
  void Close(Id id);

  // The stream has something to do since `now`: it waits. If it waits already, nothing changes.
  // Streams that are not open are ignored.
  void Ready(Id id, TimePoint now);
  // As Ready, for a stream that has more to do right after a step: it is behind, and need not wait
  // for others.
  void Behind(Id id, TimePoint now);

  // When the next batch is to be taken; a time in the past means at once. None: nobody waits.
  std::optional<TimePoint> Due() const;

  // Up to max_batch waiting streams, which wait no longer.
  std::vector<Id> Take();

  size_t open() const { return due_.size(); }
  size_t waiting() const { return queue_.size(); }

 private:
  void Wait(Id id, TimePoint due);

  const Limits limits_;
  std::unordered_map<Id, std::optional<TimePoint>> due_;  // open streams; a time if waiting
  std::set<std::pair<TimePoint, Id>> queue_;              // the waiting ones
};

}  // namespace rill::server
