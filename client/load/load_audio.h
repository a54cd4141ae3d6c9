// The audio of a load test: recordings one after the other in memory, without end. Immutable; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rill/v1/rill.pb.h"

namespace rill::client {

class LoadAudio {
 public:
  // InvalidArgument if a file cannot be read, has no audio, or has another sample rate than the
  // first.
  // After each recording come `pause_seconds` of silence, so that utterances end.
  static absl::StatusOr<LoadAudio> Read(const std::vector<std::string>& files,
                                        double pause_seconds);

  const v1::AudioFormat& format() const { return format_; }

  // Bytes of `count` samples from sample `first` of stream number `stream`. Streams begin at
  // different recordings.
  std::string Samples(int stream, int64_t first, int64_t count) const;

 private:
  v1::AudioFormat format_;
  std::string bytes_;            // LINEAR16
  std::vector<int64_t> starts_;  // of each recording, in samples
};

}  // namespace rill::client
