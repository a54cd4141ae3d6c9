#include "client/status.h"

namespace rill::client {

absl::Status ToAbsl(const grpc::Status& status) {
  // Both number their codes as google.rpc.Code does.
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace rill::client
