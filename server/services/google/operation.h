// One LongRunningRecognize: a recording that is recognised after its call has been answered, and
// then its results, until they are forgotten.
//
// Thread rule: every method is for any thread; the session calls the sink with its own lock held,
// so mutex_ is never held while the session is called. The session's slot is free as soon as it is
// closed; the operation outlives it.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/cloud/speech/v1/cloud_speech.pb.h"
#include "google/longrunning/operations.pb.h"
#include "grpcpp/server_context.h"
#include "server/services/google/recording.h"
#include "server/services/speech_core.h"
#include "server/session/session_sink.h"

namespace rill::server::google_speech {

// Told once of the end of an operation, which must not be called back.
class OperationWatcher {
 public:
  virtual ~OperationWatcher() = default;
  virtual void OnOperationDone(const ::google::longrunning::Operation& state) = 0;
};

class Operation final : public SessionSink {
 public:
  using Clock = std::chrono::steady_clock;

  // Begins it. An error names the field, and is in the log; Internal: there is no name for it.
  static absl::StatusOr<std::shared_ptr<Operation>> Begin(
      SpeechCore* core, const grpc::ServerContextBase& context, const Caller& caller,
      const speech::LongRunningRecognizeRequest& request);
  ~Operation() override;  // ends it

  // Long and random: who knows it may ask for the results.
  const std::string& name() const { return name_; }
  // As the client sees it.
  ::google::longrunning::Operation State() const;
  // Since when it is done; nothing: it is not.
  std::optional<Clock::time_point> done_since() const;
  size_t bytes() const;

  // Ends it with CANCELLED, unless it is done.
  void Cancel();

  // False: it is done, and `watcher` will not be called. Else it is, until Unwatch.
  bool Watch(OperationWatcher* watcher);
  void Unwatch(OperationWatcher* watcher);

 private:
  explicit Operation(std::string name);

  // SessionSink.
  void OnInputTaken(const SessionProgress&) override {}  // there is but one message
  bool OnStep(std::vector<StreamEvent> events, const SessionProgress& progress) override;
  void OnClosed(const absl::Status& status) override;
  void OnStuck() override {}  // nobody reads

  ::google::longrunning::Operation StateLocked() const;

  const std::string name_;
  std::optional<RecordedResults> results_;  // only the sink's calls use it

  mutable std::mutex mutex_;
  std::shared_ptr<Session> session_;               // guarded by mutex_; null when it is done
  std::weak_ptr<Session> watched_;                 // written once, in Begin
  ::google::longrunning::Operation state_;         // guarded by mutex_; without its metadata
  speech::LongRunningRecognizeMetadata metadata_;  // guarded by mutex_
  std::optional<Clock::time_point> done_since_;    // guarded by mutex_
  std::set<OperationWatcher*> watchers_;           // guarded by mutex_
};

}  // namespace rill::server::google_speech
