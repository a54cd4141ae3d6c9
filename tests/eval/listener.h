// Plays sounds to a server and notes what it hears. Any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/rill_client.h"
#include "tests/eval/condition.h"

namespace rill::eval {

struct HeardWord {
  std::string text;
  double start = 0, end = 0;  // seconds
  // Seconds from its end being due to its first appearance, when live.
  double latency = 0;
};

// The whole sound in one stream, as fast as the server reads or, if `live`, at the pace of speech.
// A full server is asked again.
absl::StatusOr<std::vector<HeardWord>> Listen(client::RillClient& client,
                                              const v1::RecognitionConfig& config,
                                              const Sound& sound, bool live);

}  // namespace rill::eval
