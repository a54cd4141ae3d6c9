#include <cfloat>

#include "kernels/cuda/device_math.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/log_mel.h"

namespace rill::kernels::cuda {
namespace {

constexpr int kMaxWarps = 4;  // a warp a frame
constexpr size_t kMaxSharedBytes = 227 * 1024;

struct Complex {
  float re, im;
};

__device__ Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
__device__ Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
__device__ Complex TimesMinusI(Complex a) { return {a.im, -a.re}; }
__device__ float Square(Complex a) { return a.re * a.re + a.im * a.im; }

// a * exp(-2 pi i k / fft_size)
__device__ Complex Rotate(Complex a, const LogMelPlan& plan, int k) {
  const float cosine = plan.cosines[k], sine = plan.sines[k];
  return {a.re * cosine + a.im * sine, a.im * cosine - a.re * sine};
}

// The samples at 16-bit amplitude, less their mean, pre-emphasised and tapered, then zeros.
__device__ void LoadFrame(const LogMelPlan& plan, const float* samples, int lane, float* x) {
  constexpr float kScale = 32768.0f;
  float sum = 0.0f;
  for (int i = lane; i < plan.window; i += kWarp) sum += samples[i] * kScale;
  const float mean = LaneSum(sum) / plan.window;
  for (int i = lane; i < plan.window; i += kWarp) {
    const float now = samples[i] * kScale - mean;
    const float before = samples[i > 0 ? i - 1 : 0] * kScale - mean;
    x[i] = (now - plan.preemphasis * before) * plan.taper[i];
  }
  for (int i = plan.window + lane; i < plan.fft_size; i += kWarp) x[i] = 0.0f;
}

// In place, by decimation in frequency; bin k ends at plan.order[k].
__device__ void Fft(const LogMelPlan& plan, int lane, Complex* x) {
  const int size = plan.fft_size / 2;
  int length = size;
  for (; length >= 4; length /= 4) {
    const int quarter = length / 4, step = plan.fft_size / length;
    for (int u = lane; u < size / 4; u += kWarp) {
      const int j = u % quarter, k = j * step;
      Complex* y = x + u / quarter * length + j;
      const Complex a = y[0], b = y[quarter], c = y[2 * quarter], d = y[3 * quarter];
      const Complex sum_ac = a + c, sum_bd = b + d;
      const Complex dif_ac = a - c, dif_bd = TimesMinusI(b - d);
      y[0] = sum_ac + sum_bd;
      y[quarter] = Rotate(dif_ac + dif_bd, plan, k);
      y[2 * quarter] = Rotate(sum_ac - sum_bd, plan, 2 * k);
      y[3 * quarter] = Rotate(dif_ac - dif_bd, plan, 3 * k);
    }
    __syncwarp();
  }
  if (length == 2) {
    for (int u = lane; u < size / 2; u += kWarp) {
      const Complex a = x[2 * u], b = x[2 * u + 1];
      x[2 * u] = a + b;
      x[2 * u + 1] = a - b;
    }
    __syncwarp();
  }
}

// The frame's even samples were the real parts, its odd ones the imaginary parts: separates the two
// spectra, joins them, and squares. power: [fft_size / 2].
__device__ void PowerSpectrum(const LogMelPlan& plan, int lane, const Complex* x, float* power) {
  const int size = plan.fft_size / 2;
  if (lane == 0) {
    const float constant = x[0].re + x[0].im;
    power[0] = constant * constant;
  }
  for (int k = 1 + lane; k <= size / 2; k += kWarp) {
    const Complex a = x[plan.order[k]], mirror = x[plan.order[size - k]];
    const Complex b = {mirror.re, -mirror.im};
    const Complex even = a + b, odd = Rotate(TimesMinusI(a - b), plan, k);
    power[k] = 0.25f * Square(even + odd);
    power[size - k] = 0.25f * Square(even - odd);
  }
}

__global__ void __launch_bounds__(kMaxWarps* kWarp)
    ComputeLogMel(LogMelPlan plan, int64_t frames, const float* __restrict__ samples,
                  const int64_t* __restrict__ starts, float* __restrict__ features) {
  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  const int64_t frame = int64_t{blockIdx.x} * (blockDim.x / kWarp) + warp;
  if (frame >= frames) return;
  float* const out = features + frame * plan.mel_bins;
  if (starts[frame] < 0) {
    for (int m = lane; m < plan.mel_bins; m += kWarp) out[m] = 0.0f;
    return;
  }
  const int scratch_floats = plan.fft_size + plan.fft_size / 2;
  float* const x = BlockShared<float>() + warp * scratch_floats;
  float* const power = x + plan.fft_size;
  LoadFrame(plan, samples + starts[frame], lane, x);
  __syncwarp();
  Fft(plan, lane, reinterpret_cast<Complex*>(x));
  PowerSpectrum(plan, lane, reinterpret_cast<const Complex*>(x), power);
  __syncwarp();
  for (int m = lane; m < plan.mel_bins; m += kWarp) {
    const float* weights = plan.mel_weights + plan.mel_offset[m];
    const int count = plan.mel_offset[m + 1] - plan.mel_offset[m];
    float energy = 0.0f;
    for (int i = 0; i < count; ++i) energy += power[plan.mel_first[m] + i] * weights[i];
    out[m] = logf(fmaxf(energy, FLT_EPSILON));
  }
}

}  // namespace

cudaError_t LogMel(const LogMelPlan& plan, int64_t frames, const float* samples,
                   const int64_t* starts, float* features, cudaStream_t stream) {
  const size_t warp_bytes = sizeof(float) * (plan.fft_size + plan.fft_size / 2);
  if (warp_bytes > kMaxSharedBytes) return cudaErrorInvalidValue;
  const int warps = warp_bytes * kMaxWarps <= kSharedBytesOfAnyKernel ? kMaxWarps : 1;
  return Launch(ComputeLogMel, static_cast<unsigned>(CeilDiv(frames, warps)), warps * kWarp,
                warps * warp_bytes, stream, plan, frames, samples, starts, features);
}

}  // namespace rill::kernels::cuda
