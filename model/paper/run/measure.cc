#include "model/paper/run/measure.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>
#include <new>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rill::paper {
namespace {

struct Report {
  enum Kind { kMeasured, kNoMemory, kFailed } kind = kFailed;
  Measurement measured;
  char message[200] = {};
};

int64_t PeakResidentBytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} << 10;
}

int64_t AddressBytes() {
  std::ifstream in("/proc/self/statm");
  int64_t pages = 0;
  in >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

void LimitMemory(int64_t bytes) {
  // Freed memory is kept, so that a second run does not pay for fresh pages.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  const rlim_t limit = static_cast<rlim_t>(AddressBytes() + bytes);
  const rlimit both = {limit, limit};
  setrlimit(RLIMIT_AS, &both);
}

bool Again(const Measurement& so_far, double seconds, const MeasureOptions& options) {
  if (so_far.runs >= options.most_runs) return false;
  return seconds < (so_far.runs == 1 ? options.long_seconds : options.enough_seconds);
}

Measurement Measure(const std::function<void()>& work, const MeasureOptions& options) {
  Measurement result;
  const int64_t before = PeakResidentBytes();
  const Clock start = Clock::Now();
  do {
    const Clock begin = Clock::Now();
    work();
    const Clock took = Clock::Now() - begin;
    if (result.runs++ == 0) {
      result.peak_bytes = PeakResidentBytes() - before;
      result.quickest = took;
    }
    result.quickest.wall = std::min(result.quickest.wall, took.wall);
    result.quickest.cpu = std::min(result.quickest.cpu, took.cpu);
  } while (Again(result, (Clock::Now() - start).wall, options));
  return result;
}

Report RunChild(const std::function<void()>& prepare, const std::function<void()>& work,
                const MeasureOptions& options) {
  Report report;
  try {
    prepare();
    LimitMemory(options.memory_bytes);
    report.measured = Measure(work, options);
    report.kind = Report::kMeasured;
  } catch (const std::bad_alloc&) {
    report.kind = Report::kNoMemory;
  } catch (const std::exception& error) {
    // LibTorch has an exception of its own for a failed allocation, told by its text alone.
    if (absl::StrContains(error.what(), "allocate memory")) report.kind = Report::kNoMemory;
    std::strncpy(report.message, error.what(), sizeof(report.message) - 1);
  }
  return report;
}

}  // namespace

absl::StatusOr<Measurement> MeasureInChild(const std::function<void()>& prepare,
                                           const std::function<void()>& work,
                                           const MeasureOptions& options) {
  int ends[2];
  if (pipe(ends) != 0) return absl::ErrnoToStatus(errno, "pipe");
  const pid_t child = fork();
  if (child < 0) {
    const absl::Status status = absl::ErrnoToStatus(errno, "fork");
    close(ends[0]);
    close(ends[1]);
    return status;
  }
  if (child == 0) {
    close(ends[0]);
    const Report report = RunChild(prepare, work, options);
    const bool written = write(ends[1], &report, sizeof(report)) == sizeof(report);
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  Report report;
  ssize_t got;
  do {
    got = read(ends[0], &report, sizeof(report));
  } while (got < 0 && errno == EINTR);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  // Killed: by the kernel for lack of memory, or by somebody.
  if (got != sizeof(report)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the measuring process ended with status ", status));
  }
  if (report.kind == Report::kNoMemory) return absl::ResourceExhaustedError("out of memory");
  if (report.kind == Report::kFailed) return absl::InternalError(report.message);
  return report.measured;
}

}  // namespace rill::paper
