#include "server/services/google/wait_operation.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "server/services/call_timer.h"

namespace rill::server::google_speech {
namespace {

using State = ::google::longrunning::Operation;
using Request = ::google::longrunning::WaitOperationRequest;

// Nothing takes as long as this.
constexpr int64_t kMaxSeconds = 24 * 3600;

class WaitCall : public grpc::ServerUnaryReactor, OperationWatcher {
 public:
  WaitCall(std::shared_ptr<Operation> operation, const Request& request, State* response)
      : operation_(std::move(operation)), response_(response) {
    if (!operation_->Watch(this)) {
      Answer(operation_->State());
      return;
    }
    if (!request.has_timeout()) return;
    const int64_t seconds = std::clamp<int64_t>(request.timeout().seconds(), 0, kMaxSeconds);
    const int nanos = std::clamp(request.timeout().nanos(), 0, 999'999'999);
    timer_.Start(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos),
                 [this] { Answer(operation_->State()); });
  }

  void OnCancel() override { Answer(operation_->State()); }

  void OnDone() override {
    timer_.Stop();
    operation_->Unwatch(this);
    delete this;
  }

 private:
  void OnOperationDone(const State& state) override { Answer(state); }

  void Answer(State state) {
    if (answered_.exchange(true)) return;
    *response_ = std::move(state);
    Finish(grpc::Status::OK);
  }

  const std::shared_ptr<Operation> operation_;
  State* const response_;  // belongs to gRPC once answered_
  std::atomic<bool> answered_{false};
  CallTimer timer_;
};

}  // namespace

grpc::ServerUnaryReactor* WaitOperation(std::shared_ptr<Operation> operation,
                                        const Request* request, State* response) {
  return new WaitCall(std::move(operation), *request, response);
}

}  // namespace rill::server::google_speech
