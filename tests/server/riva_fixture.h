// A server as ServerFixture's, and the calls that clients of Riva make.
#pragma once

#include <string>
#include <vector>

#include "riva/proto/riva_asr.grpc.pb.h"
#include "tests/server/server_fixture.h"

namespace rill::server::riva {

namespace asr = nvidia::riva::asr;

// What came back from a call, whichever it was.
struct RivaOutcome {
  grpc::Status status;
  std::vector<asr::StreamingRecognizeResponse> responses;  // StreamingRecognize
  std::vector<asr::SpeechRecognitionAlternative> finals;   // the best of each final result
  std::vector<asr::StreamingRecognitionResult> interims;

  // The transcripts joined as clients do it.
  std::string Text() const;
  // Word by word, with times and confidences.
  std::string Words() const;
};

// With word times and as spoken: what rill.v1 gives with Linear16Config.
asr::RecognitionConfig SpokenConfig();

class RivaFixture : public ServerFixture {
 protected:
  using Stub = asr::RivaSpeechRecognition::Stub;

  std::unique_ptr<Stub> NewStub() const {
    return asr::RivaSpeechRecognition::NewStub(NewChannel());
  }

  static asr::StreamingRecognizeRequest ConfigRequest(
      const asr::RecognitionConfig& config = SpokenConfig(), bool interim_results = false);
  static asr::StreamingRecognizeRequest AudioRequest(std::string audio);

  // Whole calls.
  RivaOutcome Stream(const std::string& audio, size_t piece_bytes = 3200,
                     const asr::StreamingRecognizeRequest& first = ConfigRequest());
  RivaOutcome Recognize(const std::string& audio,
                        const asr::RecognitionConfig& config = SpokenConfig());

  // Sends these requests and reads on; the client half-closes only if it says so.
  RivaOutcome Send(const std::vector<asr::StreamingRecognizeRequest>& requests,
                   bool half_close = false);
};

}  // namespace rill::server::riva
