#include "tests/server/google_fixture.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tests/server/whole_call.h"

namespace rill::server::google_speech {

void GoogleOutcome::Take(const speech::StreamingRecognizeResponse& response) {
  for (const speech::StreamingRecognitionResult& result : response.results()) {
    ASSERT_GE(result.alternatives_size(), 1);
    if (result.is_final()) {
      finals.push_back(result.alternatives(0));
    } else {
      interims.push_back(result);
    }
  }
  responses.push_back(response);
}

void GoogleOutcome::Take(
    const google::protobuf::RepeatedPtrField<speech::SpeechRecognitionResult>& results) {
  for (const speech::SpeechRecognitionResult& result : results) {
    ASSERT_GE(result.alternatives_size(), 1);
    finals.push_back(result.alternatives(0));
  }
}

std::string GoogleOutcome::Text() const {
  std::string text;
  for (const speech::SpeechRecognitionAlternative& best : finals) text += best.transcript();
  return text;
}

std::string GoogleOutcome::Words() const {
  std::string words;
  for (const speech::SpeechRecognitionAlternative& best : finals) {
    for (const speech::WordInfo& word : best.words()) {
      absl::StrAppend(&words, word.word(), " ", Ms(word.start_time()), " ", Ms(word.end_time()),
                      " ", word.confidence(), "\n");
    }
  }
  return words;
}

std::string GoogleOutcome::Course() const {
  std::string course;
  for (const speech::StreamingRecognizeResponse& response : responses) {
    for (const auto& result : response.results()) {
      course += result.is_final() ? "final " : "interim ";
    }
    if (response.speech_event_type() == 0) continue;
    absl::StrAppend(
        &course,
        speech::StreamingRecognizeResponse::SpeechEventType_Name(response.speech_event_type()), ":",
        Ms(response.speech_event_time()), " ");
  }
  return std::string(absl::StripAsciiWhitespace(course));
}

int64_t Ms(const google::protobuf::Duration& duration) {
  return duration.seconds() * 1000 + duration.nanos() / 1'000'000;
}

speech::RecognitionConfig SpeechConfig() {
  speech::RecognitionConfig config;
  config.set_encoding(speech::RecognitionConfig::LINEAR16);
  config.set_sample_rate_hertz(16000);
  config.set_language_code("en-US");
  config.set_enable_word_time_offsets(true);
  config.set_enable_word_confidence(true);
  return config;
}

v1::StreamingConfig WrittenConfig() {
  v1::StreamingConfig config;
  *config.mutable_recognition() = Linear16Config();
  config.mutable_recognition()->set_inverse_text_normalization(true);
  return config;
}

speech::StreamingRecognizeRequest GoogleFixture::ConfigRequest(
    const speech::RecognitionConfig& config, bool interim_results) {
  speech::StreamingRecognizeRequest request;
  *request.mutable_streaming_config()->mutable_config() = config;
  request.mutable_streaming_config()->set_interim_results(interim_results);
  return request;
}

speech::StreamingRecognizeRequest GoogleFixture::AudioRequest(std::string audio) {
  speech::StreamingRecognizeRequest request;
  request.set_audio_content(std::move(audio));
  return request;
}

GoogleOutcome GoogleFixture::Stream(const std::string& audio, size_t piece_bytes,
                                    const speech::StreamingRecognizeRequest& first) {
  return Send(InPieces(first, audio, piece_bytes, AudioRequest), /*half_close=*/true);
}

GoogleOutcome GoogleFixture::Recognize(const std::string& audio,
                                       const speech::RecognitionConfig& config) {
  speech::RecognizeRequest request;
  *request.mutable_config() = config;
  request.mutable_audio()->set_content(audio);
  grpc::ClientContext context;
  speech::RecognizeResponse response;
  GoogleOutcome outcome;
  outcome.status = NewStub()->Recognize(&context, request, &response);
  outcome.Take(response.results());
  return outcome;
}

GoogleOutcome GoogleFixture::Send(const std::vector<speech::StreamingRecognizeRequest>& requests,
                                  bool half_close) {
  const auto stub = NewStub();
  grpc::ClientContext context;
  const auto call = stub->StreamingRecognize(&context);
  GoogleOutcome outcome;
  outcome.status = WholeCall(call.get(), requests, half_close,
                             [&](const auto& response) { outcome.Take(response); });
  return outcome;
}

}  // namespace rill::server::google_speech
