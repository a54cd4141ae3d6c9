// Log-mel filterbank energies on the device: the twin of model/features/log_mel.h, whose plan it
// takes. Device pointers. Work is queued on `stream`; any host thread.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace rill::kernels::cuda {

// The arrays of model/features/fbank_plan.h, copied to the device.
struct LogMelPlan {
  int window, shift, fft_size, mel_bins;
  float preemphasis;
  const float* taper;                 // [window]
  const float *cosines, *sines;       // [fft_size], of 2 pi k / fft_size
  const int* order;                   // [fft_size / 2]: where the FFT in place leaves bin k
  const int *mel_first, *mel_offset;  // [mel_bins], [mel_bins + 1]
  const float* mel_weights;
};

// Frame n is made of the samples from starts[n] on, in [-1, 1]; starts[n] = -1: a padding frame, of
// zeros. starts: [frames]; features: [frames, mel_bins]. cudaErrorInvalidValue if the FFT is too
// large for a block's shared memory (sampling rates above 500 kHz).
cudaError_t LogMel(const LogMelPlan& plan, int64_t frames, const float* samples,
                   const int64_t* starts, float* features, cudaStream_t stream);

}  // namespace rill::kernels::cuda
