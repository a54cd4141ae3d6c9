// A server as ServerFixture's, and the calls that clients of Google make.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "google/cloud/speech/v1/cloud_speech.grpc.pb.h"
#include "google/longrunning/operations.grpc.pb.h"
#include "tests/server/server_fixture.h"

namespace rill::server::google_speech {

namespace speech = ::google::cloud::speech::v1;
namespace longrunning = ::google::longrunning;

// What came back from a call, whichever it was.
struct GoogleOutcome {
  grpc::Status status;
  std::vector<speech::StreamingRecognizeResponse> responses;  // StreamingRecognize
  std::vector<speech::SpeechRecognitionAlternative> finals;   // the best of each final result
  std::vector<speech::StreamingRecognitionResult> interims;

  void Take(const speech::StreamingRecognizeResponse& response);
  void Take(const google::protobuf::RepeatedPtrField<speech::SpeechRecognitionResult>& results);

  // The transcripts joined as clients do it.
  std::string Text() const;
  // Word by word, with times and confidences.
  std::string Words() const;
  // The responses, one word each: "interim", "final", or the event with its milliseconds.
  std::string Course() const;
};

int64_t Ms(const google::protobuf::Duration& duration);

// 16 kHz LINEAR16 with word times and confidences: what rill.v1 gives with WrittenConfig.
speech::RecognitionConfig SpeechConfig();
v1::StreamingConfig WrittenConfig();

class GoogleFixture : public ServerFixture {
 protected:
  using Stub = speech::Speech::Stub;

  std::unique_ptr<Stub> NewStub() const { return speech::Speech::NewStub(NewChannel()); }

  static speech::StreamingRecognizeRequest ConfigRequest(
      const speech::RecognitionConfig& config = SpeechConfig(), bool interim_results = false);
  static speech::StreamingRecognizeRequest AudioRequest(std::string audio);

  // Whole calls.
  GoogleOutcome Stream(const std::string& audio, size_t piece_bytes = 3200,
                       const speech::StreamingRecognizeRequest& first = ConfigRequest());
  GoogleOutcome Recognize(const std::string& audio,
                          const speech::RecognitionConfig& config = SpeechConfig());

  // Sends these requests and reads on; the client half-closes only if it says so.
  GoogleOutcome Send(const std::vector<speech::StreamingRecognizeRequest>& requests,
                     bool half_close = false);
};

}  // namespace rill::server::google_speech
