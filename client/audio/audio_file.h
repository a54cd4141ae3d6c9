// A recording of any format, rate and channel count that libsndfile reads, as LINEAR16 mono at its
// own rate. Thread rule: one thread at a time.
#pragma once

#include <sndfile.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/audio/audio_source.h"

namespace rill::client {

class AudioFile : public AudioSource {
 public:
  // Errors name the path.
  static absl::StatusOr<std::unique_ptr<AudioFile>> Open(const std::string& path);

  v1::AudioFormat format() const override;
  absl::StatusOr<AudioPiece> Read(std::chrono::milliseconds duration) override;
  double seconds() const override;

 private:
  struct Closer {
    void operator()(SNDFILE* file) const { sf_close(file); }
  };
  using File = std::unique_ptr<SNDFILE, Closer>;
  AudioFile(const std::string& path, File file, const SF_INFO& info);

  const std::string path_;
  const File file_;
  const SF_INFO info_;
  std::vector<float> interleaved_;
};

}  // namespace rill::client
