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
  // The same as a point in time, for what is made of several calls; wins over `timeout`.
  std::optional<std::chrono::system_clock::time_point> deadline = std::nullopt;
  // A stop request cancels the call, from any thread.
  std::stop_token stop;

  // These, with a timeout that has begun.
  CallOptions Fixed() const {
    CallOptions fixed = *this;
    if (timeout && !deadline) fixed.deadline = std::chrono::system_clock::now() + *timeout;
    return fixed;
  }
};

// gRPC's context with the options applied.
class CallContext {
 public:
  explicit CallContext(const CallOptions& options) : on_stop_(options.stop, Canceller{&context_}) {
    const CallOptions fixed = options.Fixed();
    if (fixed.deadline) context_.set_deadline(*fixed.deadline);
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
