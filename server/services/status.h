// absl::Status inside, gRPC status outside. Pure functions; any thread.
#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace rill::server {

// The same code and message. Payloads become the details of a google.rpc.Status.
grpc::Status ToGrpcStatus(const absl::Status& status);

// Tells the client when to try again: a google.rpc.RetryInfo.
absl::Status WithRetryDelay(absl::Status status, std::chrono::milliseconds delay);

}  // namespace rill::server
