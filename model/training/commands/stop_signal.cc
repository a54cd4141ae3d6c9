#include "model/training/commands/stop_signal.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace rill::training {
namespace {

std::atomic<bool> stop_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not lock");

void OnSignal(int signal) {
  if (stop_requested.exchange(true)) _exit(128 + signal);
  constexpr char kMessage[] =
      "\nfinishing the step and writing a checkpoint (again: stop at once)\n";
  // Nothing useful can be done here if it fails.
  [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, kMessage, sizeof(kMessage) - 1);
}

}  // namespace

void InstallStopSignals() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool StopRequested() { return stop_requested; }

}  // namespace rill::training
