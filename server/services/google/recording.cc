#include "server/services/google/recording.h"

#include "absl/strings/str_cat.h"
#include "server/services/invalid_field.h"

namespace rill::server::google_speech {
namespace {

constexpr char kWhere[] = "config";

absl::Status CheckAudio(const speech::RecognitionAudio& audio) {
  switch (audio.audio_source_case()) {
    case speech::RecognitionAudio::kContent:
      return absl::OkStatus();
    case speech::RecognitionAudio::kUri:
      return InvalidField("audio.uri",
                          "this server fetches nothing; send the audio in audio.content");
    case speech::RecognitionAudio::AUDIO_SOURCE_NOT_SET:
      break;
  }
  return InvalidField("audio", "empty; set content");
}

}  // namespace

absl::StatusOr<std::shared_ptr<Session>> OpenRecording(const char* method, SpeechCore* core,
                                                       const grpc::ServerContextBase& context,
                                                       const Caller& caller,
                                                       const speech::RecognitionConfig& config,
                                                       const speech::RecognitionAudio& audio,
                                                       SessionSink* sink, ResultStyle* style) {
  if (absl::Status status = CheckAudio(audio); !status.ok()) {
    core->Refused(method, context, status);
    return status;
  }
  SpeechCore::OpenRequest open = ToOpenRequest(method, kWhere, config, *core, caller, style);
  open.recording = true;
  auto session = core->Open(open, context, sink);
  if (!session.ok()) return session.status();
  LogLiberties("google_config", style->liberties, **session);
  return session;
}

void RecordedResults::Add(const std::vector<StreamEvent>& events) {
  for (const StreamEvent& event : events) {
    if (event.kind != StreamEvent::Kind::kFinal) continue;
    auto result = writer_.Recorded(event);
    if (!result) continue;
    bytes_ += result->ByteSizeLong();
    if (bytes_ <= max_bytes_) *results_.Add() = *std::move(result);
  }
}

absl::StatusOr<RecordedResults::Results> RecordedResults::Take() {
  if (bytes_ <= max_bytes_) return std::move(results_);
  return absl::OutOfRangeError(absl::StrCat("results: more than ", max_bytes_,
                                            " bytes; call StreamingRecognize for so many"));
}

}  // namespace rill::server::google_speech
