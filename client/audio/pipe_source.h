// Bytes from a file descriptor, passed on as they are: WAV or FLAC, told apart by their first
// bytes, or raw PCM. Thread rule: one thread at a time; `stop` may be set from anywhere and ends
// the audio within a tenth of a second.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/audio/audio_source.h"

namespace rill::client {

class PipeSource : public AudioSource {
 public:
  // `raw`: the format of raw PCM; with sample_rate_hertz 0, the audio must be WAV or FLAC. `fd` and
  // `stop` are not owned. InvalidArgument if the first bytes do not fit. Waits for them.
  static absl::StatusOr<std::unique_ptr<PipeSource>> Open(int fd, const v1::AudioFormat& raw,
                                                          const std::atomic<bool>* stop);

  v1::AudioFormat format() const override { return format_; }
  absl::StatusOr<AudioPiece> Read(std::chrono::milliseconds duration) override;

 private:
  PipeSource(int fd, const v1::AudioFormat& format, const std::atomic<bool>* stop);
  int64_t bytes_per_second() const;  // 0 if not raw
  // Up to `limit` bytes, at least one unless the input is over.
  absl::StatusOr<std::string> ReadBytes(size_t limit);

  const int fd_;
  v1::AudioFormat format_;
  const std::atomic<bool>* stop_;
  std::string first_bytes_;  // read by Open, not yet given out
};

}  // namespace rill::client
