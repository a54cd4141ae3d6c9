// Turns a client's bytes, cut anywhere, into mono float samples at 16 kHz: decoding, mixing down,
// resampling. One object a stream, used by one thread at a time. The samples do not depend on how
// the bytes are cut. In float audio not-a-number and the infinities become 0, and what lies beyond
// [-1, 1] is clipped.
//
// Errors: InvalidArgument names the field of the format or of the header at fault, or the place of
// the damage; ResourceExhausted if one call's bytes stand for more than half an hour of audio, as
// only FLAC of silence can. They are final: after one, every call returns it again.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/audio/audio_format.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

class AudioDecoder {
 public:
  // InvalidArgument if the format is not usable.
  static absl::StatusOr<std::unique_ptr<AudioDecoder>> Create(const AudioFormat& format,
                                                              int output_rate = 16000);
  virtual ~AudioDecoder() = default;

  // Appends the samples that the bytes so far determine to *samples.
  virtual absl::Status Accept(absl::Span<const uint8_t> bytes, std::vector<float>* samples) = 0;

  // The end of the audio: what the decoder and the resampler still hold. A file cut short is not an
  // error if its header was whole: what came is decoded.
  virtual absl::Status Finish(std::vector<float>* samples) = 0;

  // Writes all that a decoder freshly made with the same arguments needs to go on, by Load, with
  // the same samples, bit for bit: some kilobytes, and of FLAC up to a frame. What is read is
  // checked; if the reader has an error afterwards, the decoder returns it from then on.
  virtual void Save(StateWriter& writer) const = 0;
  virtual void Load(StateReader& reader) = 0;
};

}  // namespace rill
