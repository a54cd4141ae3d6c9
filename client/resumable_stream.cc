#include "client/resumable_stream.h"

#include <algorithm>
#include <utility>

#include "client/requests.h"
#include "client/status.h"

namespace rill::client {
namespace {

using Response = v1::StreamingRecognizeResponse;

constexpr size_t kMaxUnsentBytes = 1 << 20;
// Of requests that a server may still lose: much more than it lets wait between two checkpoints.
constexpr size_t kMaxRingBytes = 256 << 20;
// Calls that are tried while servers say no: behind one name there may be several, of which some
// have another model or version.
constexpr size_t kMaxRefusals = 5;
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{2000};

// One that comes again if the stream goes on from an earlier state: each has its place.
bool IsLasting(const Response& response) {
  switch (response.response_case()) {
    case Response::kResult:
      return response.result().is_final();
    case Response::kFlushed:
    case Response::kSpeechEvent:
      return true;
    default:
      return false;
  }
}

v1::StreamingConfig WithCheckpoints(v1::StreamingConfig config, int checkpoint_ms) {
  config.set_checkpoint_ms(checkpoint_ms);
  return config;
}

CallOptions WithStop(CallOptions options, std::stop_token stop) {
  options.stop = std::move(stop);
  return options;
}

}  // namespace

ResumableStream::ResumableStream(std::vector<v1::SpeechRecognition::Stub*> servers,
                                 const v1::StreamingConfig& config, const ResumeOptions& options,
                                 const CallOptions& call_options)
    : servers_(std::move(servers)),
      options_(options),
      on_stop_(call_options.stop, StopRequest{&cancelled_}),
      call_options_(WithStop(call_options.Fixed(), cancelled_.get_token())),
      config_(WithCheckpoints(config, options.checkpoint_ms)),
      lost_(Clock::now()) {
  StartCall();
  sender_ = std::thread([this] { RunSender(); });
}

ResumableStream::~ResumableStream() {
  Cancel();
  sender_.join();
}

bool ResumableStream::Write(std::string audio) { return Send(AudioRequest(std::move(audio))); }

bool ResumableStream::WriteFeatures(std::string frames) {
  return Send(FeaturesRequest(std::move(frames)));
}

bool ResumableStream::SetHotWords(const v1::HotWords& hot_words) {
  return Send(HotWordsRequest(hot_words));
}

bool ResumableStream::Flush(uint64_t id) { return Send(FlushRequest(id)); }

bool ResumableStream::Send(v1::StreamingRecognizeRequest request) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return stopping_ || (ring_.unsent_bytes() < kMaxUnsentBytes && ring_.bytes() < kMaxRingBytes);
  });
  if (stopping_ || finished_) return false;
  ring_.Push(std::move(request));
  changed_.notify_all();
  return true;
}

bool ResumableStream::Finish() {
  std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
  return !stopping_;
}

void ResumableStream::RunSender() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] {
      return stopping_ || (call_ && !call_broken_ && (!ring_.all_sent() || finished_));
    });
    if (stopping_) return;
    StreamingSession& call = *call_;
    const std::optional<v1::StreamingRecognizeRequest> request = ring_.TakeNext();
    sending_ = true;
    lock.unlock();
    const bool sent = request ? call.Send(*request) : call.Finish();
    lock.lock();
    sending_ = false;
    if (!sent || !request) call_broken_ = true;
    changed_.notify_all();
  }
}

bool ResumableStream::Next(Response* response) {
  while (!over_) {
    if (call_->Next(response)) {
      if (Deliver(*response)) return true;
      continue;
    }
    const absl::Status status = EndCall();
    if (status.ok() || !Resume(status)) End(status);
  }
  return false;
}

absl::Status ResumableStream::ReadAll(const std::function<void(const Response&)>& on_response) {
  Response response;
  while (Next(&response)) on_response(response);
  return status_;
}

bool ResumableStream::Deliver(const Response& response) {
  call_works_ = true;
  attempts_ = refusals_ = 0;
  if (response.has_checkpoint()) {
    if (!TakeCheckpoint(response.checkpoint())) {
      Cancel();
      End(absl::InternalError("checkpoint: covers more than was sent"));
    }
    return false;
  }
  if (response.has_started()) return !std::exchange(started_, true);
  if (to_skip_ > 0) {  // it has all been told before
    to_skip_ -= IsLasting(response);
    return false;
  }
  delivered_ += IsLasting(response);
  return true;
}

bool ResumableStream::TakeCheckpoint(v1::Checkpoint checkpoint) {
  {
    std::lock_guard lock(mutex_);
    if (!ring_.Cover(checkpoint.requests(), checkpoint.request_bytes())) return false;
    changed_.notify_all();
  }
  config_.set_resume(std::move(*checkpoint.mutable_state()));
  delivered_ = to_skip_;
  return true;
}

bool ResumableStream::MayResume(const absl::Status& error, bool worked) {
  const bool lost = error.code() == absl::StatusCode::kUnavailable ||
                    (error.code() == absl::StatusCode::kResourceExhausted && RetryDelay(error));
  // A stream that has never begun asks every server once.
  if (!started_) return lost && attempts_ < servers_.size();
  if (worked && !lost) return false;
  // What one server refuses another may take: it has another model, say.
  if (!lost && ++refusals_ >= std::max(servers_.size(), kMaxRefusals)) return false;
  return Clock::now() - lost_ < options_.max_outage;
}

bool ResumableStream::Resume(const absl::Status& error) {
  const bool worked = std::exchange(call_works_, false);
  if (worked) lost_ = Clock::now();
  ++attempts_;
  if (!MayResume(error, worked) || !WaitToTry()) return false;
  server_ = (server_ + 1) % servers_.size();
  to_skip_ = delivered_;
  resumed_ += started_;
  StartCall();
  return true;
}

// Every server is tried at once, and then again after longer and longer pauses.
bool ResumableStream::WaitToTry() {
  const size_t rounds = started_ ? (attempts_ - 1) / servers_.size() : 0;
  const auto pause = rounds == 0
                         ? Clock::duration::zero()
                         : std::min<Clock::duration>(
                               kFirstPause * (1 << std::min<size_t>(rounds, 10)), kLongestPause);
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, pause, [this] { return stopping_; });
}

void ResumableStream::StartCall() {
  auto call = std::make_shared<StreamingSession>(*servers_[server_], config_, call_options_);
  std::lock_guard lock(mutex_);
  ring_.Restart();
  call_ = std::move(call);
  call_broken_ = false;
  changed_.notify_all();
}

absl::Status ResumableStream::EndCall() {
  std::unique_lock lock(mutex_);
  // The call is over, so a request on its way fails at once.
  changed_.wait(lock, [this] { return !sending_; });
  call_broken_ = true;
  return call_->status();
}

void ResumableStream::End(const absl::Status& status) {
  over_ = true;
  status_ = status;
  std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void ResumableStream::Cancel() {
  cancelled_.request_stop();  // also of a call that has not reached its server yet
  std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

}  // namespace rill::client
