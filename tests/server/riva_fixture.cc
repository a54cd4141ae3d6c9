#include "tests/server/riva_fixture.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/server/whole_call.h"

namespace rill::server::riva {

std::string RivaOutcome::Text() const {
  std::string text;
  for (const asr::SpeechRecognitionAlternative& best : finals) text += best.transcript();
  return text;
}

std::string RivaOutcome::Words() const {
  std::string words;
  for (const asr::SpeechRecognitionAlternative& best : finals) {
    for (const asr::WordInfo& word : best.words()) {
      absl::StrAppend(&words, word.word(), " ", word.start_time(), " ", word.end_time(), " ",
                      word.confidence(), "\n");
    }
  }
  return words;
}

asr::RecognitionConfig SpokenConfig() {
  asr::RecognitionConfig config;
  config.set_enable_word_time_offsets(true);
  config.set_verbatim_transcripts(true);
  return config;
}

asr::StreamingRecognizeRequest RivaFixture::ConfigRequest(const asr::RecognitionConfig& config,
                                                          bool interim_results) {
  asr::StreamingRecognizeRequest request;
  *request.mutable_streaming_config()->mutable_config() = config;
  request.mutable_streaming_config()->set_interim_results(interim_results);
  return request;
}

asr::StreamingRecognizeRequest RivaFixture::AudioRequest(std::string audio) {
  asr::StreamingRecognizeRequest request;
  request.set_audio_content(std::move(audio));
  return request;
}

RivaOutcome RivaFixture::Stream(const std::string& audio, size_t piece_bytes,
                                const asr::StreamingRecognizeRequest& first) {
  return Send(InPieces(first, audio, piece_bytes, AudioRequest), /*half_close=*/true);
}

RivaOutcome RivaFixture::Recognize(const std::string& audio, const asr::RecognitionConfig& config) {
  asr::RecognizeRequest request;
  *request.mutable_config() = config;
  request.set_audio(audio);
  grpc::ClientContext context;
  asr::RecognizeResponse response;
  RivaOutcome outcome;
  outcome.status = NewStub()->Recognize(&context, request, &response);
  for (const asr::SpeechRecognitionResult& result : response.results()) {
    outcome.finals.push_back(result.alternatives(0));
  }
  return outcome;
}

RivaOutcome RivaFixture::Send(const std::vector<asr::StreamingRecognizeRequest>& requests,
                              bool half_close) {
  const auto stub = NewStub();
  grpc::ClientContext context;
  const auto call = stub->StreamingRecognize(&context);
  RivaOutcome outcome;
  const auto see = [&](const asr::StreamingRecognizeResponse& response) {
    for (const asr::StreamingRecognitionResult& result : response.results()) {
      ASSERT_GE(result.alternatives_size(), 1);
      if (result.is_final()) {
        outcome.finals.push_back(result.alternatives(0));
      } else {
        outcome.interims.push_back(result);
      }
    }
    outcome.responses.push_back(response);
  };
  outcome.status = WholeCall(call.get(), requests, half_close, see);
  return outcome;
}

}  // namespace rill::server::riva
