// What one stream was like: the numbers of the log line at its end. Not thread-safe; the session
// guards it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/recognizer.h"
#include "server/log.h"

namespace rill::server {

// Who and what a stream is, in its log line.
struct StreamIdentity {
  std::string id;      // ours
  std::string method;  // "StreamingRecognize"
  std::string model;
  std::string peer;  // as gRPC writes addresses
};

class StreamStats {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit StreamStats(TimePoint now) : opened_(now) {}

  void OnReady(TimePoint now);  // something for the model to do
  void OnStep(TimePoint now, const std::vector<StreamEvent>& events);
  void OnFinish(TimePoint now);  // the client's side is over

  LogFields Fields(TimePoint now, const StreamIdentity& identity, int64_t audio_samples,
                   const absl::Status& status) const;

 private:
  TimePoint opened_;
  std::optional<TimePoint> ready_;  // since when the model is wanted
  std::optional<TimePoint> first_result_;
  std::optional<TimePoint> finished_;
  std::chrono::steady_clock::duration lag_max_{};  // from wanting the model to its answer
  std::chrono::steady_clock::duration lag_sum_{};
  int64_t steps_ = 0;
  int64_t words_ = 0;
  int64_t finals_ = 0;
};

}  // namespace rill::server
