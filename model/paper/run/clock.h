// Wall time, and the CPU time of the whole process, which other work on the machine disturbs
// little. Any thread.
#pragma once

#include <time.h>

namespace rill::paper {

struct Clock {
  double wall = 0;  // seconds
  double cpu = 0;

  static Clock Now() {
    const auto read = [](clockid_t id) {
      timespec now;
      clock_gettime(id, &now);
      return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
    };
    return {read(CLOCK_MONOTONIC), read(CLOCK_PROCESS_CPUTIME_ID)};
  }

  Clock operator-(const Clock& since) const { return {wall - since.wall, cpu - since.cpu}; }
  Clock operator+(const Clock& other) const { return {wall + other.wall, cpu + other.cpu}; }
};

}  // namespace rill::paper
