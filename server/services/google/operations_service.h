// The gRPC service google.longrunning.Operations: what has become of a LongRunningRecognize. Looks
// at who calls, and shows everybody their own operations only. Any thread.
#pragma once

#include "google/longrunning/operations.grpc.pb.h"
#include "server/services/google/operation_store.h"
#include "server/services/speech_core.h"

namespace rill::server::google_speech {

class OperationsService final : public ::google::longrunning::Operations::CallbackService {
 public:
  OperationsService(SpeechCore* core, OperationStore* store) : core_(core), store_(store) {}

  grpc::ServerUnaryReactor* ListOperations(
      grpc::CallbackServerContext* context,
      const ::google::longrunning::ListOperationsRequest* request,
      ::google::longrunning::ListOperationsResponse* response) override;

  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* context,
                                         const ::google::longrunning::GetOperationRequest* request,
                                         ::google::longrunning::Operation* response) override;

  grpc::ServerUnaryReactor* DeleteOperation(
      grpc::CallbackServerContext* context,
      const ::google::longrunning::DeleteOperationRequest* request,
      ::google::protobuf::Empty* response) override;

  grpc::ServerUnaryReactor* CancelOperation(
      grpc::CallbackServerContext* context,
      const ::google::longrunning::CancelOperationRequest* request,
      ::google::protobuf::Empty* response) override;

  grpc::ServerUnaryReactor* WaitOperation(
      grpc::CallbackServerContext* context,
      const ::google::longrunning::WaitOperationRequest* request,
      ::google::longrunning::Operation* response) override;

 private:
  // NotFound: the caller has no operation of that name.
  absl::StatusOr<std::shared_ptr<Operation>> Find(const char* method,
                                                  const grpc::ServerContextBase& context,
                                                  const std::string& name);

  SpeechCore* const core_;
  OperationStore* const store_;
};

}  // namespace rill::server::google_speech
