// What is measured of one model at work. Written by its model threads and sessions, read by the
// metrics page; any thread, no locks but for `ended`, once a stream. Seconds throughout.
#pragma once

#include <atomic>
#include <cstdint>

#include "server/metrics/call_counts.h"
#include "server/metrics/histogram.h"

namespace rill::server {

// Seconds. A stream that is behind can be so by as much as --queue-seconds.
inline const std::vector<double> kWaits = {.001, .0025, .005, .01,  .02,  .04,  .08,   .16,
                                           .32,  .64,   1.28, 2.56, 5.12, 10.24, 20.48, 40.96};

struct EngineMetrics {
  // Once a step of the model.
  Histogram step_seconds{{.001, .0025, .005, .01, .02, .04, .08, .16, .32, .64, 1.28}};
  Histogram step_streams{{1, 2, 4, 8, 16, 32, 64, 128, 256}};

  // Once a stream and step: from something being there for the model to the step's beginning, and
  // to its results.
  Histogram queue_seconds{kWaits};
  Histogram result_seconds{kWaits};
  std::atomic<int64_t> audio_ms{0};  // recognised

  // Once a stream.
  Histogram first_word_seconds{{.25, .5, 1, 2, 4, 8, 16, 32, 64}};  // from its beginning
  Histogram finish_seconds{{.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12}};  // from the end
                                                                                    // of the audio
  CallCounts ended;
  std::atomic<int64_t> words{0};  // final

  std::atomic<int64_t> checkpoints{0}, checkpoint_bytes{0};
  std::atomic<int64_t> resumed{0};  // streams that began elsewhere
};

}  // namespace rill::server
