// The common half of our one-message RPCs: one Session that gets the whole recording at once. It
// deletes itself when gRPC is done with it.
//
// Thread rule: gRPC calls the reactions, the session calls the sink, concurrently; what a sink's
// call keeps, only sink's calls touch.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/session/session.h"
#include "server/session/session_sink.h"

namespace rill::server {

class UnaryCall : public grpc::ServerUnaryReactor, protected SessionSink {
 public:
  void OnCancel() override {
    if (session_) session_->Abort(absl::CancelledError("cancelled by the client"));
  }

  void OnDone() override {
    if (session_) session_->Detach();
    delete this;
  }

 protected:
  explicit UnaryCall(grpc::CallbackServerContext* context) : context_(context) {}

  // Last in the constructor: gRPC has not seen this reactor, and the sink's calls begin.
  void Begin(std::shared_ptr<Session> session, const std::string& audio) {
    session_ = std::move(session);
    session_->Start();
    session_->Push(audio, /*last=*/true);
  }

  // SessionSink.
  void OnInputTaken(const SessionProgress&) override {}  // there is but one message
  void OnStuck() override { context_->TryCancel(); }

 private:
  grpc::CallbackServerContext* const context_;
  std::shared_ptr<Session> session_;
};

}  // namespace rill::server
