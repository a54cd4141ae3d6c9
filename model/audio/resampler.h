// Streaming change of the sample rate by libsoxr. Downwards: flat to 91 % of the output's Nyquist
// frequency, aliases below -120 dB. Upwards: flat to 85 % of the input's Nyquist frequency. The
// input's last 20 to 60 ms wait inside.
//
// One object a stream, used by one thread at a time. The output does not depend on how the input is
// cut, and is not shifted in time: output sample n is the signal at n / output_rate.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

struct soxr;

namespace rill {

class Resampler {
 public:
  // Rates in Hz, positive. If they are equal the samples pass unchanged.
  static absl::StatusOr<std::unique_ptr<Resampler>> Create(int input_rate, int output_rate);
  ~Resampler();

  // Appends what can be computed so far to *output.
  absl::Status Accept(absl::Span<const float> input, std::vector<float>* output);

  // The end of the input: appends the rest, so that the output's length is the input's times the
  // ratio, rounded. Nothing may be accepted afterwards.
  absl::Status Finish(std::vector<float>* output);

 private:
  explicit Resampler(soxr* handle) : handle_(handle) {}

  absl::Status Process(const float* input, size_t count, std::vector<float>* output);

  soxr* const handle_;  // null: the rates are equal
};

}  // namespace rill
