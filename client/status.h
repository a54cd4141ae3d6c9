// gRPC's status as Abseil's: the same code, the same message. Pure function; any thread.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace rill::client {

absl::Status ToAbsl(const grpc::Status& status);

}  // namespace rill::client
