#include "client/streaming_session.h"

#include <utility>

#include "client/requests.h"
#include "client/status.h"

namespace rill::client {

StreamingSession::StreamingSession(v1::SpeechRecognition::Stub& stub,
                                   const v1::StreamingConfig& config, const CallOptions& options)
    : call_(options), stream_(stub.StreamingRecognize(call_.get())) {
  v1::StreamingRecognizeRequest request;
  *request.mutable_config() = config;
  stream_->Write(request);  // if it fails, the first read says why
}

StreamingSession::~StreamingSession() {
  if (over_) return;
  Cancel();
  stream_->Finish();
}

bool StreamingSession::Send(const v1::StreamingRecognizeRequest& request) {
  std::lock_guard lock(write_mutex_);
  return !finished_ && stream_->Write(request);
}

bool StreamingSession::Write(std::string audio) { return Send(AudioRequest(std::move(audio))); }

bool StreamingSession::WriteFeatures(std::string frames) {
  return Send(FeaturesRequest(std::move(frames)));
}

bool StreamingSession::SetHotWords(const v1::HotWords& hot_words) {
  return Send(HotWordsRequest(hot_words));
}

bool StreamingSession::Flush(uint64_t id) { return Send(FlushRequest(id)); }

bool StreamingSession::Finish() {
  std::lock_guard lock(write_mutex_);
  return !std::exchange(finished_, true) && stream_->WritesDone();
}

bool StreamingSession::Next(v1::StreamingRecognizeResponse* response) {
  if (over_) return false;
  if (stream_->Read(response)) return true;
  status_ = ToAbsl(stream_->Finish());
  over_ = true;
  return false;
}

absl::Status StreamingSession::ReadAll(
    const std::function<void(const v1::StreamingRecognizeResponse&)>& on_response) {
  v1::StreamingRecognizeResponse response;
  while (Next(&response)) on_response(response);
  return status_;
}

void StreamingSession::Cancel() { call_.get()->TryCancel(); }

}  // namespace rill::client
