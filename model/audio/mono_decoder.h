// Inside of AudioDecoder: turns the bytes of one encoding, cut anywhere, into mono samples at the
// audio's own rate. One object a stream, used by one thread at a time. After an error it must not
// be called again.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

class MonoDecoder {
 public:
  virtual ~MonoDecoder() = default;

  // Appends the samples, in [-1, 1], to *samples.
  virtual absl::Status Accept(absl::Span<const uint8_t> bytes, std::vector<float>* samples) = 0;

  // The end of the bytes. An error if a header was begun and not ended.
  virtual absl::Status Finish(std::vector<float>* samples) = 0;

  // As the header says; 0 until it has been read. Known before the first sample comes.
  virtual int sample_rate() const = 0;
  virtual int channels() const = 0;

  // Before the end, and without an error. A decoder made with the same arguments that loads what
  // was saved goes on as the saved one would have; if the reader has an error afterwards, it must
  // not be used.
  virtual void Save(StateWriter& writer) const = 0;
  virtual void Load(StateReader& reader) = 0;
};

}  // namespace rill
