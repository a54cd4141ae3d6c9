// Many live streams from one thread, timed: what `rill load` runs. Blocks; any thread.
#pragma once

#include <atomic>
#include <string>

#include "absl/status/statusor.h"
#include "client/connection.h"
#include "client/load/load_audio.h"
#include "client/load/load_report.h"

namespace rill::client {

struct LoadOptions {
  Connection connection;
  int streams = 1;
  double seconds = 30;      // of audio a stream
  double ramp_seconds = 5;  // streams start evenly over this time; must be less than `seconds`
  int packet_ms = 100;      // of audio a message
  int connections = 8;      // shared by the streams, at most one a stream
  double behind_ms = 1000;
  double finish_seconds = 30;  // how long to wait for the last words
  v1::RecognitionConfig recognition;
  bool every_chunk = false;  // time every step of the model, not only changes of the text
};

// InvalidArgument names the option at fault. Errors of streams are in the report. `stop` ends the
// test early.
absl::StatusOr<LoadReport> RunLoadTest(const LoadOptions& options, const LoadAudio& audio,
                                       const std::atomic<bool>* stop);

}  // namespace rill::client
