// The reactor of a call that is refused before it begins. It deletes itself.
#pragma once

#include "grpcpp/support/server_callback.h"

namespace rill::server {

template <class Request, class Response>
class RejectedCall : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit RejectedCall(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace rill::server
