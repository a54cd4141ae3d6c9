#include "client/cli/exit_code.h"

#include "absl/strings/str_cat.h"
#include "client/text/utf8.h"

namespace rill::client {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kUnavailable:
      return kExitUnreachable;
    case absl::StatusCode::kResourceExhausted:
      return kExitBusy;
    default:
      return kExitFailed;
  }
}

std::string Explain(const absl::Status& status, const std::string& server) {
  const std::string message = Printable(std::string(status.message()));
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return absl::StrCat("cannot reach ", server,
                          ": start a server with rill-server, or name another with --server (",
                          message, ")");
    case absl::StatusCode::kResourceExhausted:
      return absl::StrCat(server, " is full: try again later (", message, ")");
    case absl::StatusCode::kUnimplemented:
      return absl::StrCat(server, " does not offer this: is it a rill server of this version? (",
                          message, ")");
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat(server, " took too long to answer (", message, ")");
    default:
      return message;
  }
}

}  // namespace rill::client
