// Streaming change of the sample rate by a polyphase filter: flat to 91 % of the lower rate's
// Nyquist frequency, aliases and images below -120 dB. About 96 samples of the lower rate wait
// inside: 6 ms of 16 kHz, 12 ms of 8 kHz.
//
// One object a stream, used by one thread at a time. The output does not depend on how the input is
// cut, and is not shifted in time: output sample n is the signal at n / output_rate.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/audio/polyphase_filter.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

class Resampler {
 public:
  // Rates in Hz, positive, not more than 256 times apart: InvalidArgument. If they are equal the
  // samples pass unchanged.
  static absl::StatusOr<std::unique_ptr<Resampler>> Create(int input_rate, int output_rate);

  // Appends what can be computed so far to *output.
  void Accept(absl::Span<const float> input, std::vector<float>* output);

  // The end of the input: appends the rest, so that the output's length is the input's times the
  // ratio, rounded. Nothing may be accepted afterwards.
  void Finish(std::vector<float>* output);

  // Before the end. A resampler of the same rates that loads what was saved goes on with the same
  // bits. If the reader has an error afterwards, the resampler is as it was.
  void Save(StateWriter& writer) const;
  void Load(StateReader& reader);

 private:
  explicit Resampler(std::shared_ptr<const PolyphaseFilter> filter);

  // The outputs that the first `inputs` determine.
  int64_t OutputsOf(int64_t inputs) const;
  // Appends the outputs up to `end`, whose inputs are all there.
  void Produce(int64_t end, std::vector<float>* output);

  const std::shared_ptr<const PolyphaseFilter> filter_;  // null: the rates are equal
  int64_t inputs_ = 0;                                   // so far
  int64_t outputs_ = 0;                                  // OutputsOf(inputs_)
  std::vector<float> kept_;  // from the first input of the next output on
};

}  // namespace rill
