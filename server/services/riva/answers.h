// Which responses a stream has: one for each message of audio, and one after the last if there is
// more to say. A message that completes no chunk of the model is answered at once, with nothing;
// one that does, with what the model then says. So a client may wait for each answer before it
// sends on, and NVIDIA's load client, which pairs the nth response with the nth message, can.
// One call at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "riva/proto/riva_asr.pb.h"
#include "server/session/session_sink.h"

namespace rill::server::riva {

class Answers {
 public:
  using Result = nvidia::riva::asr::StreamingRecognitionResult;
  using Response = nvidia::riva::asr::StreamingRecognizeResponse;

  // In every response.
  void SetId(const nvidia::riva::RequestId& id) { *pattern_.mutable_id() = id; }

  // The model has said so. It replaces an interim result that has not been sent.
  void Add(Result result);
  // What to send when a message has been taken whole.
  std::vector<Response> OnTaken(const SessionProgress& progress);
  // What to send after a step; `ended`: it was the last one.
  std::vector<Response> OnStep(const SessionProgress& progress, bool ended);

 private:
  // The answers owed so far up to `processed_ms`, the last of which says all there is.
  std::vector<Response> Take(int64_t processed_ms);
  Response TakeHeld();

  Response pattern_;
  Response held_;  // results for the next answer
  size_t held_bytes_ = 0;
  std::deque<int64_t> owed_;  // of each message, where its audio ends, in milliseconds
};

}  // namespace rill::server::riva
