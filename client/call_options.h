// Deadline and cancellation of one call. CallOptions is a plain value; a CallContext belongs to one
// call.
#pragma once

#include <grpcpp/client_context.h>

#include <chrono>
#include <optional>
#include <stop_token>

namespace rill::client {

struct CallOptions {
  // From the start of the call to its end; then it fails with DeadlineExceeded. Unset: no deadline.
  std::optional<std::chrono::milliseconds> timeout;
  // A stop request cancels the call, from any thread.
  std::stop_token stop;
};

// gRPC's context with the options applied.
class CallContext {
 public:
  explicit CallContext(const CallOptions& options) : on_stop_(options.stop, Canceller{&context_}) {
    if (options.timeout) context_.set_deadline(std::chrono::system_clock::now() + *options.timeout);
  }

  grpc::ClientContext* get() { return &context_; }

 private:
  struct Canceller {
    grpc::ClientContext* context;
    void operator()() const { context->TryCancel(); }
  };

  grpc::ClientContext context_;
  std::stop_callback<Canceller> on_stop_;
};

}  // namespace rill::client
