// rill: the command line. See client/cli/app.h.
#include <grpc/support/log.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/app.h"
#include "client/cli/exit_code.h"

namespace {

std::atomic<bool> stop = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

int TerminalColumns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

int main(int argc, char** argv) {
  struct sigaction action {};
  action.sa_handler = [](int) { stop = true; };
  action.sa_flags = SA_RESETHAND;  // a second Ctrl-C ends the program
  sigaction(SIGINT, &action, nullptr);

  // What gRPC would write is in the error of the call, and there it has a context.
  if (getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});

  rill::client::Io io{.in = STDIN_FILENO,
                      .out = std::cout,
                      .err = std::cerr,
                      .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                      .err_is_terminal = isatty(STDERR_FILENO) == 1,
                      .columns = TerminalColumns,
                      .stop = &stop};
  const int code = rill::client::RunApp(std::vector<std::string>(argv + 1, argv + argc), io);
  if (std::cout.flush()) return code;
  std::cerr << "rill: cannot write to standard output: is the disk full?\n";
  return code == rill::client::kExitOk ? rill::client::kExitFailed : code;
}
