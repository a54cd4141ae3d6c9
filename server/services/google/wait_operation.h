// google.longrunning.Operations/WaitOperation.
#pragma once

#include <memory>

#include "google/longrunning/operations.pb.h"
#include "grpcpp/support/server_callback.h"
#include "server/services/google/operation.h"

namespace rill::server::google_speech {

// The reactor of one call; it deletes itself.
grpc::ServerUnaryReactor* WaitOperation(std::shared_ptr<Operation> operation,
                                        const ::google::longrunning::WaitOperationRequest* request,
                                        ::google::longrunning::Operation* response);

}  // namespace rill::server::google_speech
