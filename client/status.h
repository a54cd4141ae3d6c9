// gRPC's status as Abseil's: the same code, the same message; the details that came with it become
// payloads. A call that ended without any is Unavailable. Pure functions; any thread.
#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <optional>

#include "absl/status/status.h"

namespace rill::client {

absl::Status ToAbsl(const grpc::Status& status);

// When the server wants to be asked again (google.rpc.RetryInfo): a server that is full says so
// with ResourceExhausted. Nothing if it does not say.
std::optional<std::chrono::milliseconds> RetryDelay(const absl::Status& status);

}  // namespace rill::client
