#include "client/cli/exit_code.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/status.h"
#include "client/text/utf8.h"

namespace rill::client {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kUnavailable:
      return kExitUnreachable;
    case absl::StatusCode::kResourceExhausted:
      return RetryDelay(status) ? kExitBusy : kExitFailed;
    default:
      return kExitFailed;
  }
}

std::string Explain(const absl::Status& status, const std::string& server) {
  const std::string message = Printable(std::string(status.message()));
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      if (absl::StrContains(message, "handshake failed")) {
        return absl::StrCat(
            "cannot trust ", server,
            ": is --ca-file the one that signed its certificate, does it carry that "
            "name, and does the server ask for --cert-file and --key-file? (",
            message, ")");
      }
      if (absl::StrContains(message, "all backends failing; last error: UNAVAILABLE") &&
          absl::StrContains(message, "Socket closed")) {
        return absl::StrCat(server, " hung up: does it want --tls, and --cert-file? (", message,
                            ")");
      }
      if (!absl::StrContains(message, "ailed to connect") &&
          !absl::StrContains(message, "DNS resolution")) {
        return absl::StrCat("lost ", server, ": ", message);
      }
      return absl::StrCat("cannot reach ", server,
                          ": start a server with rill-server, or name another with --server (",
                          message, ")");
    case absl::StatusCode::kResourceExhausted:
      if (!RetryDelay(status)) return message;
      return absl::StrCat(server, " is full: try again later (", message, ")");
    case absl::StatusCode::kUnimplemented:
      return absl::StrCat(server, " does not offer this: is it a rill server of this version? (",
                          message, ")");
    case absl::StatusCode::kDeadlineExceeded:
      // gRPC's words for a call's own deadline. The server says what it waited for.
      if (!absl::StrContains(message, "Deadline Exceeded")) return message;
      return absl::StrCat(server, " took too long to answer (", message, ")");
    default:
      return message;
  }
}

}  // namespace rill::client
