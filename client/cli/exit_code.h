// What `rill` tells the script that called it, and the person before it. Pure functions; any
// thread.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace rill::client {

enum ExitCode {
  kExitOk = 0,
  kExitFailed = 1,       // a file, a stream or the call failed
  kExitUsage = 2,        // the command line
  kExitUnreachable = 3,  // no server answers there
  kExitBusy = 4,         // the server is full: try again later
};

ExitCode ExitCodeOf(const absl::Status& status);

// The error in one line, with what to do next.
std::string Explain(const absl::Status& status, const std::string& server);

}  // namespace rill::client
