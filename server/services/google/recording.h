// What Recognize and LongRunningRecognize share: a recording in one message, its results in
// another.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/cloud/speech/v1/cloud_speech.pb.h"
#include "grpcpp/server_context.h"
#include "server/services/google/config.h"
#include "server/services/google/result.h"
#include "server/services/speech_core.h"

namespace rill::server::google_speech {

// The session for a request's `config` and `audio`. An error names the field, and is in the log.
absl::StatusOr<std::shared_ptr<Session>> OpenRecording(const char* method, SpeechCore* core,
                                                       const grpc::ServerContextBase& context,
                                                       const Caller& caller,
                                                       const speech::RecognitionConfig& config,
                                                       const speech::RecognitionAudio& audio,
                                                       SessionSink* sink, ResultStyle* style);

// As many results as fit in a message. One call at a time.
class RecordedResults {
 public:
  using Results = google::protobuf::RepeatedPtrField<speech::SpeechRecognitionResult>;

  RecordedResults(ResultStyle style, size_t max_bytes)
      : writer_(std::move(style)), max_bytes_(max_bytes) {}

  void Add(const std::vector<StreamEvent>& events);
  // OutOfRange: there were more.
  absl::StatusOr<Results> Take();

 private:
  ResultWriter writer_;
  const size_t max_bytes_;
  Results results_;
  size_t bytes_ = 0;  // of all results, those left out as well
};

}  // namespace rill::server::google_speech
