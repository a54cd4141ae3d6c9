// The arithmetic of log-mel frames: eight frames at a time, one in each lane of a vector, so that
// every step, the FFT too, is plain vector arithmetic without shuffles, and a frame's bits do not
// depend on its lane or its neighbours. Pure functions on raw pointers; any thread.
#pragma once

namespace rill {

inline constexpr double kPreemphasis = 0.97;
inline constexpr int kFbankLanes = 8;

// One value of each lane's frame.
struct alignas(4 * kFbankLanes) FbankLanes {
  float value[kFbankLanes];
};

// The arrays of an FbankPlan, for code that must not touch standard containers.
struct FbankView {
  int window, shift, fft_size, mel_bins;
  const float* taper;
  const float *cosines, *sines;
  const int* order;
  const int *mel_first, *mel_offset;
  const float* mel_weights;
};

// Values of scratch that FbankFrames needs.
inline int FbankScratchSize(int fft_size) { return fft_size + fft_size / 2; }

// frames: 1..kFbankLanes. samples: [(frames - 1) * shift + window], in [-1, 1].
// out: [frames, mel_bins]. scratch: [FbankScratchSize(fft_size)].
namespace avx2 {
void FbankFrames(const FbankView& plan, const float* samples, int frames, FbankLanes* scratch,
                 float* out);
}
namespace avx512 {
void FbankFrames(const FbankView& plan, const float* samples, int frames, FbankLanes* scratch,
                 float* out);
}

}  // namespace rill
