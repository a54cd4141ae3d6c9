// Time and peak memory of a piece of work, each measurement in a child process of its own: the peak
// is the operating system's count of resident memory, with all that any library takes, and running
// out of memory ends the child and not the run. Call from a process that has run nothing on
// LibTorch's threads yet, since threads do not survive a fork; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "model/paper/run/clock.h"

namespace rill::paper {

struct MeasureOptions {
  int64_t memory_bytes = int64_t{8} << 30;  // more ends in ResourceExhausted
  // Two runs, since the first pays for fresh memory, and more until so long has passed; the
  // quickest counts. One, if the first alone took long.
  double enough_seconds = 0.5;
  double long_seconds = 60;
  int64_t most_runs = 20;
};

struct Measurement {
  Clock quickest;
  int64_t peak_bytes = 0;  // above what was resident before the first run
  int64_t runs = 0;
};

// `prepare` comes first and is not measured. ResourceExhausted if the memory does not do; Internal
// with the message of an exception.
absl::StatusOr<Measurement> MeasureInChild(const std::function<void()>& prepare,
                                           const std::function<void()>& work,
                                           const MeasureOptions& options);

}  // namespace rill::paper
