// What a session tells its RPC. All calls come one at a time, from any thread, and must return at
// once; none may call back into the session, which holds its lock.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "model/recognizer.h"
#include "server/session/checkpoint.h"

namespace rill::server {

// How far a stream is, in milliseconds of audio since its start.
struct SessionProgress {
  int64_t received_ms = 0;
  int64_t processed_ms = 0;
  bool step_follows = false;  // the model has not said all it can about what was received
};

class SessionSink {
 public:
  virtual ~SessionSink() = default;

  // The audio given to Session::Push is taken: the next request may be read.
  virtual void OnInputTaken(const SessionProgress& progress) = 0;

  // After every step of the model: what came out of it, if anything. False if so much waits for the
  // client that the stream must pause until Session::OnWritten(true).
  virtual bool OnStep(std::vector<StreamEvent> events, const SessionProgress& progress) = 0;

  // The state after all events given to OnStep so far. Only if SessionOptions ask for checkpoints.
  virtual void OnCheckpoint(Checkpoint checkpoint) {}

  // The last call but OnStuck: everything is out, answer with this status.
  virtual void OnClosed(const absl::Status& status) = 0;

  // The client does not take its answers. Cancel the RPC.
  virtual void OnStuck() = 0;
};

}  // namespace rill::server
