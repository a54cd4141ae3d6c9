#include "server/grpc_log.h"

#include <grpc/support/log.h>

#include "server/log.h"

namespace rill::server {
namespace {

constexpr auto kQuiet = std::chrono::minutes(1);

void Write(gpr_log_func_args* line) {
  static RepeatFilter& filter = *new RepeatFilter;  // gRPC may log until the process has ended
  if (!filter.Allow(line->message, std::chrono::steady_clock::now())) return;
  const bool error = line->severity == GPR_LOG_SEVERITY_ERROR;
  Log(error ? LogLevel::kWarning : LogLevel::kDebug, "grpc", {{"message", line->message}});
}

}  // namespace

void TakeGrpcLog() { gpr_set_log_function(Write); }

bool RepeatFilter::Allow(const std::string& message, TimePoint now) {
  std::lock_guard lock(mutex_);
  for (Entry& entry : entries_) {
    if (entry.message != message) continue;
    if (now - entry.last < kQuiet) return false;
    entry.last = now;
    return true;
  }
  entries_[next_] = {message, now};
  next_ = (next_ + 1) % entries_.size();
  return true;
}

}  // namespace rill::server
