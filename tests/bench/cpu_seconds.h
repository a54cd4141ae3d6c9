// The CPU time of the calling thread, which other work on the machine disturbs little. Any thread.
#pragma once

#include <time.h>

namespace rill {

inline double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace rill
