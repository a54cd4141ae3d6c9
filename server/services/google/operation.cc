#include "server/services/google/operation.h"

#include <utility>

#include "google/protobuf/util/time_util.h"
#include "server/security/token.h"
#include "server/services/invalid_field.h"

namespace rill::server::google_speech {
namespace {

using ::google::protobuf::util::TimeUtil;

constexpr char kMethod[] = "google.LongRunningRecognize";

}  // namespace

absl::StatusOr<std::shared_ptr<Operation>> Operation::Begin(
    SpeechCore* core, const grpc::ServerContextBase& context, const Caller& caller,
    const speech::LongRunningRecognizeRequest& request) {
  if (request.has_output_config()) {
    const absl::Status status = InvalidField(
        "output_config", "this server writes nothing; the results are in the operation");
    core->Refused(kMethod, context, status);
    return status;
  }
  auto name = NewToken();
  if (!name.ok()) return name.status();
  std::shared_ptr<Operation> operation(new Operation(*std::move(name)));
  ResultStyle style;
  auto session = OpenRecording(kMethod, core, context, caller, request.config(), request.audio(),
                               operation.get(), &style);
  if (!session.ok()) return session.status();
  operation->results_.emplace(std::move(style), core->limits().max_message_bytes);
  operation->session_ = *session;
  operation->watched_ = *session;
  (*session)->Start();
  (*session)->Push(request.audio().content(), /*last=*/true);
  return operation;
}

Operation::Operation(std::string name) : name_(std::move(name)) {
  state_.set_name(name_);
  *metadata_.mutable_start_time() = TimeUtil::GetCurrentTime();
  *metadata_.mutable_last_update_time() = metadata_.start_time();
}

Operation::~Operation() {
  Cancel();
  if (const auto session = watched_.lock()) session->Detach();
}

::google::longrunning::Operation Operation::State() const {
  std::lock_guard lock(mutex_);
  return StateLocked();
}

::google::longrunning::Operation Operation::StateLocked() const {
  ::google::longrunning::Operation state = state_;
  state.mutable_metadata()->PackFrom(metadata_);
  return state;
}

std::optional<Operation::Clock::time_point> Operation::done_since() const {
  std::lock_guard lock(mutex_);
  return done_since_;
}

size_t Operation::bytes() const {
  std::lock_guard lock(mutex_);
  return state_.ByteSizeLong();
}

void Operation::Cancel() {
  std::shared_ptr<Session> session;
  {
    std::lock_guard lock(mutex_);
    session = session_;
  }
  if (session) session->Abort(absl::CancelledError("cancelled by the client"));
}

bool Operation::Watch(OperationWatcher* watcher) {
  std::lock_guard lock(mutex_);
  return !done_since_ && watchers_.insert(watcher).second;
}

void Operation::Unwatch(OperationWatcher* watcher) {
  std::lock_guard lock(mutex_);
  watchers_.erase(watcher);
}

bool Operation::OnStep(std::vector<StreamEvent> events, const SessionProgress&) {
  results_->Add(events);
  std::lock_guard lock(mutex_);
  *metadata_.mutable_last_update_time() = TimeUtil::GetCurrentTime();
  return true;
}

void Operation::OnClosed(const absl::Status& status) {
  auto results = results_->Take();
  const absl::Status outcome = status.ok() ? results.status() : status;
  std::lock_guard lock(mutex_);
  state_.set_done(true);
  if (outcome.ok()) {
    speech::LongRunningRecognizeResponse response;
    *response.mutable_results() = *std::move(results);
    state_.mutable_response()->PackFrom(response);
  } else {
    state_.mutable_error()->set_code(static_cast<int>(outcome.code()));
    state_.mutable_error()->set_message(std::string(outcome.message()));
  }
  metadata_.set_progress_percent(100);
  *metadata_.mutable_last_update_time() = TimeUtil::GetCurrentTime();
  done_since_ = Clock::now();
  results_.reset();
  // Not the last reference: whoever closes a session holds one.
  session_.reset();
  if (watchers_.empty()) return;
  const ::google::longrunning::Operation state = StateLocked();
  for (OperationWatcher* watcher : std::exchange(watchers_, {})) watcher->OnOperationDone(state);
}

}  // namespace rill::server::google_speech
