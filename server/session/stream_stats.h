// What one stream was like: the numbers of the log line at its end, and its share of the model's
// metrics. Not thread-safe; the session guards it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/recognizer.h"
#include "server/log.h"
#include "server/metrics/engine_metrics.h"

namespace rill::server {

// Who and what a stream is, in its log line.
struct StreamIdentity {
  std::string id;      // ours
  std::string method;  // "StreamingRecognize"
  std::string model;
  std::string peer;    // as gRPC writes addresses
  std::string client;  // the name of its token or certificate; may be empty
};

class StreamStats {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `metrics` outlives this.
  StreamStats(TimePoint now, int chunk_ms, EngineMetrics* metrics)
      : metrics_(metrics), chunk_ms_(chunk_ms), opened_(now) {}

  // There is something for the model to do; `heard_ms`: the features there are.
  void OnReady(TimePoint now, int64_t heard_ms);
  // The model has done it up to `processed_ms`. What of it waited longest counts.
  void OnStep(TimePoint began, TimePoint now, int64_t processed_ms,
              const std::vector<StreamEvent>& events);
  void OnPaused();               // what waits, waits for the client
  void OnFinish(TimePoint now);  // the client's side is over
  void OnClosed(TimePoint now, const StreamIdentity& identity, const absl::Status& status);

  LogFields Fields(TimePoint now, const StreamIdentity& identity, int64_t audio_samples,
                   const absl::Status& status) const;

 private:
  // A chunk of audio, or more, that the model is wanted for.
  struct Waiting {
    int64_t heard_ms;
    TimePoint since;
  };

  EngineMetrics* metrics_;
  int chunk_ms_;
  TimePoint opened_;
  std::deque<Waiting> waiting_;  // at most one for each chunk in the queue
  std::optional<TimePoint> first_result_;
  std::optional<TimePoint> finished_;
  std::chrono::steady_clock::duration lag_max_{};  // from wanting the model to its answer
  std::chrono::steady_clock::duration lag_sum_{};
  int64_t steps_ = 0;
  int64_t words_ = 0;
  int64_t finals_ = 0;
};

}  // namespace rill::server
