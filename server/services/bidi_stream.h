// The common half of our two-way RPCs: the configuration first, soon and once, then requests one at
// a time; responses one at a time out of a bounded queue; one Session; one end. It deletes itself
// when gRPC is done with it.
//
// Thread rule: gRPC calls the reactions, the session calls the sink, concurrently. mutex_ guards
// everything the two share; it is never held while the session is called (the session calls back
// with its own lock held).
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/services/call_timer.h"
#include "server/services/response_queue.h"
#include "server/services/speech_core.h"
#include "server/services/status.h"
#include "server/session/session.h"
#include "server/session/session_registry.h"
#include "server/session/session_sink.h"

namespace rill::server {

// The request's field that has the configuration.
template <class Request>
struct ConfigField {
  static constexpr char kName[] = "config";
  static bool IsSet(const Request& request) { return request.has_config(); }
};

template <class Request, class Response>
class BidiStream : public grpc::ServerBidiReactor<Request, Response>, protected SessionSink {
 public:
  // Reactions of gRPC.
  void OnReadDone(bool ok) final {
    const auto session = this->session();
    if (!session) {
      config_timer_.Stop();
      if (ok && Config::IsSet(request_)) return Configure(request_);
      RejectUnconfigured(absl::InvalidArgumentError(
          absl::StrCat(Config::kName, ok ? ": must be the first request of a stream"
                                         : ": the stream ended without it")));
    } else if (!ok) {
      session->Finish();
    } else if (Config::IsSet(request_)) {
      Refuse(absl::StrCat(Config::kName, ": sent twice; it is for the first request only"));
    } else {
      OnRequest(&request_);
    }
  }

  void OnWriteDone(bool ok) final {
    bool resume = false;
    bool read = false;
    std::shared_ptr<Session> session;
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
      session = session_;
      if (!ok) broken_ = true;
      Advance();
      if (paused_ && (broken_ || queue_.low())) {
        paused_ = false;
        resume = true;
      }
      if (unread_ && (broken_ || queue_.low())) {
        unread_ = false;
        read = true;
      }
    }
    if (read) ReadNext();
    if (!session) return;
    if (ok) {
      session->OnWritten(resume);
    } else {
      session->Abort(absl::CancelledError("the client is gone"));
    }
  }

  void OnCancel() final {
    std::shared_ptr<Session> session;
    {
      std::lock_guard lock(mutex_);
      broken_ = true;
      session = session_;
      if (!session) CloseLocked(absl::CancelledError("the client is gone"));
    }
    if (session) session->Abort(absl::CancelledError("cancelled by the client"));
  }

  void OnDone() final {
    config_timer_.Stop();
    if (const auto session = this->session()) session->Detach();
    delete this;
  }

 protected:
  // `method`: for the log. The configuration must come within the core's idle timeout, if it has
  // one. Calls ReadNext.
  BidiStream(const char* method, SpeechCore* core, grpc::CallbackServerContext* context,
             Caller caller)
      : method_(method),
        core_(core),
        caller_(std::move(caller)),
        context_(context),
        queue_(core->limits().max_pending_bytes) {
    ReadNext();
    const SessionRegistry::Duration config_timeout = core->idle_timeout();
    if (config_timeout == config_timeout.zero()) return;
    config_timer_.Start(config_timeout, [this] {
      RejectUnconfigured(
          absl::DeadlineExceededError(absl::StrCat(Config::kName, ": did not come in time")));
    });
  }

  // The first request, which has the configuration: calls Begin and ReadNext, or Reject.
  virtual void Configure(const Request& request) = 0;
  // A later one. What the session takes, it takes when it can, and then asks for the next request.
  virtual void OnRequest(Request* request) = 0;
  // What to send for the events of a step, if anything.
  struct Outgoing {
    Response response;
    Weight weight = Weight::kLasting;
  };
  virtual std::vector<Outgoing> Answer(std::vector<StreamEvent> events,
                                       const SessionProgress& progress) = 0;

  // What to send for a request that was taken whole, if anything. The next one is read when the
  // client has read enough of what waits for it.
  virtual std::vector<Outgoing> AnswerRequest(const SessionProgress& progress) { return {}; }

  // Sends something in between, for the sink's calls.
  void Send(Outgoing out) {
    std::lock_guard lock(mutex_);
    queue_.Push(std::move(out.response), out.weight);
    Advance();
  }

  // Not after the end: a read must not begin when gRPC may be done with the call.
  void ReadNext() {
    std::lock_guard lock(mutex_);
    if (!closing_) this->StartRead(&request_);
  }

  // Sets and starts the session, unless the client has gone meanwhile. `first` is sent before all
  // else.
  void Begin(std::shared_ptr<Session> session, std::vector<Outgoing> first) {
    bool gone;
    {
      std::lock_guard lock(mutex_);
      gone = closing_;
      session_ = session;
      Enqueue(std::move(first));
    }
    if (gone) {
      session->Abort(absl::CancelledError("cancelled by the client"));
    } else {
      session->Start();
    }
  }

  // Ends an RPC that has no session, or will not get one.
  void Reject(const absl::Status& status) {
    std::lock_guard lock(mutex_);
    CloseLocked(status);
  }

  // The same, once, of one that has no configuration.
  void RejectUnconfigured(const absl::Status& status) {
    {
      std::lock_guard lock(mutex_);
      if (closing_) return;
      CloseLocked(status);
    }
    core_->Refused(method_, *context_, status);
  }

  // Ends an RPC because of what its client sent, after the final results of what came before. After
  // Begin.
  void Refuse(absl::string_view problem) { session()->Close(absl::InvalidArgumentError(problem)); }

  // Null before Begin.
  std::shared_ptr<Session> session() {
    std::lock_guard lock(mutex_);
    return session_;
  }
  SpeechCore& core() const { return *core_; }
  const Caller& caller() const { return caller_; }
  grpc::CallbackServerContext* context() const { return context_; }

  // SessionSink.
  void OnInputTaken(const SessionProgress& progress) final {
    std::vector<Outgoing> answers = AnswerRequest(progress);
    {
      std::lock_guard lock(mutex_);
      const bool answered = !answers.empty();
      Enqueue(std::move(answers));
      unread_ = answered && queue_.full();
      if (unread_) return;
    }
    ReadNext();
  }

  bool OnStep(std::vector<StreamEvent> events, const SessionProgress& progress) final {
    std::vector<Outgoing> answers = Answer(std::move(events), progress);
    std::lock_guard lock(mutex_);
    Enqueue(std::move(answers));
    if (queue_.full()) paused_ = true;
    return !paused_;
  }

  void OnClosed(const absl::Status& status) final {
    std::lock_guard lock(mutex_);
    CloseLocked(status);
  }

  void OnStuck() final { context_->TryCancel(); }

 private:
  using Config = ConfigField<Request>;

  void Enqueue(std::vector<Outgoing> responses) {
    for (Outgoing& out : responses) queue_.Push(std::move(out.response), out.weight);
    Advance();
  }

  void CloseLocked(const absl::Status& status) {
    if (closing_) return;
    closing_ = true;
    status_ = status;
    Advance();
  }

  // Starts the next write, or finishes when all is written.
  void Advance() {
    if (writing_ || finished_) return;
    if (broken_) queue_.Clear();
    if (!queue_.empty()) {
      current_ = queue_.Pop();
      writing_ = true;
      this->StartWrite(&current_);
    } else if (closing_) {
      finished_ = true;
      this->Finish(ToGrpcStatus(status_));
    }
  }

  const char* const method_;
  SpeechCore* const core_;
  const Caller caller_;
  grpc::CallbackServerContext* const context_;
  Request request_;  // one read at a time
  CallTimer config_timer_;

  std::mutex mutex_;
  std::shared_ptr<Session> session_;  // written once, under mutex_
  ResponseQueue<Response> queue_;     // guarded by mutex_, as all below
  Response current_;                  // belongs to gRPC while writing_
  bool writing_ = false;
  bool paused_ = false;    // the session waits for OnWritten(true)
  bool unread_ = false;    // the next request waits until the queue is low
  bool broken_ = false;    // the client is gone: nothing more is written
  bool closing_ = false;   // status_ is set
  bool finished_ = false;  // Finish has been called
  absl::Status status_;
};

}  // namespace rill::server
