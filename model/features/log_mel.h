// Streaming log-mel filterbank energies, equal to Kaldi's compute-fbank-feats with dither 0: 25 ms
// povey windows every 10 ms, DC removal, pre-emphasis 0.97, power spectrum (512-point FFT at 16
// kHz), triangular mel filters from 20 Hz to 8 kHz, natural log with a floor at FLT_EPSILON,
// snip-edges (only whole windows count). Samples are in [-1, 1]; they are scaled by 32768 inside,
// as Kaldi expects.
//
// One object a stream, used by one thread at a time. The frames do not depend on how the samples
// are cut.
#pragma once

#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

// ln(FLT_EPSILON): what digital silence gives.
inline constexpr float kLogMelFloor = -15.942385f;

// The ranges are the caller's to check.
struct LogMelOptions {
  int sample_rate = 16000;  // Hz, 4,000 to 192,000
  int mel_bins = 80;        // at least 1
  // Speed perturbation for training: the window and the shift are 25 and 10 ms times `speed`, and
  // the mel filters are those of a recording at sample_rate * speed: features of the audio played
  // `speed` times as fast, without resampling. Played slower, it has nothing above the recording's
  // own band: the highest filters are at the floor. 0.5 to 2; 1 when serving.
  double speed = 1.0;
};

class LogMel {
 public:
  explicit LogMel(const LogMelOptions& options);
  ~LogMel();

  int mel_bins() const;

  // Appends whole frames ([n, mel_bins], row-major) to *frames; keeps the rest for the next call.
  void Accept(absl::Span<const float> samples, std::vector<float>* frames);

  // Forgets the kept samples: the next one starts a new recording.
  void Reset();

  // What is kept, less than a window's samples. One made with the same options that loads it goes
  // on with the same frames; if the reader has an error afterwards, nothing is kept.
  void Save(StateWriter& writer) const;
  void Load(StateReader& reader);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rill
