#include <cfloat>
#include <cstdint>

#include "model/features/fbank_frames.h"

namespace rill::RILL_SIMD {
namespace {

typedef float Vec __attribute__((vector_size(4 * kFbankLanes), may_alias));
typedef int32_t IntVec __attribute__((vector_size(4 * kFbankLanes), may_alias));

struct Complex {
  Vec re, im;
};

static inline Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
static inline Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
static inline Complex TimesMinusI(Complex a) { return {a.im, -a.re}; }

// a * exp(-i angle).
static inline Complex Rotate(Complex a, float cosine, float sine) {
  return {a.re * cosine + a.im * sine, a.im * cosine - a.re * sine};
}

// Writes the frames, scaled to 16-bit amplitude, less their mean, pre-emphasised and tapered, and
// zeros up to the FFT's size.
static inline void LoadFrames(const FbankView& plan, const float* samples, int frames, Vec* x) {
  const float* lane[kFbankLanes];
  for (int l = 0; l < kFbankLanes; ++l) {
    lane[l] = samples + (l < frames ? l : frames - 1) * plan.shift;
  }
  Vec sum = {};
  for (int i = 0; i < plan.window; ++i) {
    const Vec v = {lane[0][i], lane[1][i], lane[2][i], lane[3][i],
                   lane[4][i], lane[5][i], lane[6][i], lane[7][i]};
    x[i] = v * 32768.0f;
    sum += x[i];
  }
  const Vec mean = sum / static_cast<float>(plan.window);
  Vec before = x[0] - mean;
  for (int i = 0; i < plan.window; ++i) {
    const Vec now = x[i] - mean;
    x[i] = (now - static_cast<float>(kPreemphasis) * before) * plan.taper[i];
    before = now;
  }
  for (int i = plan.window; i < plan.fft_size; ++i) x[i] = Vec{};
}

// Complex FFT in place by decimation in frequency; bin k ends at plan.order[k].
static inline void Fft(const FbankView& plan, Complex* x) {
  const int size = plan.fft_size / 2;
  int length = size;
  for (; length >= 4; length /= 4) {
    const int quarter = length / 4;
    const int step = plan.fft_size / length;
    for (int start = 0; start < size; start += length) {
      Complex* y = x + start;
      for (int j = 0; j < quarter; ++j) {
        const int k = j * step;
        const Complex a = y[j], b = y[j + quarter], c = y[j + 2 * quarter], d = y[j + 3 * quarter];
        const Complex sum_ac = a + c, sum_bd = b + d;
        const Complex dif_ac = a - c, dif_bd = TimesMinusI(b - d);
        y[j] = sum_ac + sum_bd;
        y[j + quarter] = Rotate(dif_ac + dif_bd, plan.cosines[k], plan.sines[k]);
        y[j + 2 * quarter] = Rotate(sum_ac - sum_bd, plan.cosines[2 * k], plan.sines[2 * k]);
        y[j + 3 * quarter] = Rotate(dif_ac - dif_bd, plan.cosines[3 * k], plan.sines[3 * k]);
      }
    }
  }
  if (length == 2) {
    for (int start = 0; start < size; start += 2) {
      const Complex a = x[start], b = x[start + 1];
      x[start] = a + b;
      x[start + 1] = a - b;
    }
  }
}

// The real signal's even samples were the real parts and its odd ones the imaginary parts:
// separates the two spectra, joins them, and squares. power: bins 0 .. fft_size / 2 - 1.
static inline void PowerSpectrum(const FbankView& plan, const Complex* x, Vec* power) {
  const int size = plan.fft_size / 2;
  const Vec constant = x[0].re + x[0].im;
  power[0] = constant * constant;
  for (int k = 1; k <= size / 2; ++k) {
    const Complex a = x[plan.order[k]];
    const Complex mirror = x[plan.order[size - k]];
    const Complex b = {mirror.re, -mirror.im};
    const Complex even = a + b;
    const Complex odd = Rotate(TimesMinusI(a - b), plan.cosines[k], plan.sines[k]);
    const Complex low = even + odd, high = even - odd;
    power[k] = 0.25f * (low.re * low.re + low.im * low.im);
    power[size - k] = 0.25f * (high.re * high.re + high.im * high.im);
  }
}

// Natural logarithm of finite x >= FLT_EPSILON: x = 2^e m with m in [2/3, 4/3), and
// ln m = 2 atanh(s), s = (m - 1) / (m + 1), |s| <= 1/5, by its power series. Error below 2 ulp.
static inline Vec Log(Vec x) {
  constexpr int32_t kTwoThirds = 0x3F2AAAAB;
  const IntVec bits = reinterpret_cast<IntVec>(x);
  const IntVec exponent = (bits - kTwoThirds) >> 23;
  const Vec m = reinterpret_cast<Vec>(bits - (exponent << 23));
  const Vec s = (m - 1.0f) / (m + 1.0f);
  const Vec s2 = s * s;
  const Vec tail = s2 * (1.0f / 3 + s2 * (1.0f / 5 + s2 * (1.0f / 7 + s2 * (1.0f / 9))));
  return __builtin_convertvector(exponent, Vec) * 0.693147180559945f + 2.0f * (s + s * tail);
}

}  // namespace

void FbankFrames(const FbankView& plan, const float* samples, int frames, FbankLanes* scratch,
                 float* out) {
  Vec* x = reinterpret_cast<Vec*>(scratch);
  Vec* power = x + plan.fft_size;
  LoadFrames(plan, samples, frames, x);
  Fft(plan, reinterpret_cast<Complex*>(x));
  PowerSpectrum(plan, reinterpret_cast<const Complex*>(x), power);
  for (int m = 0; m < plan.mel_bins; ++m) {
    const int begin = plan.mel_offset[m];
    const int count = plan.mel_offset[m + 1] - begin;
    const Vec* run = power + plan.mel_first[m];
    Vec energy = {};
    for (int i = 0; i < count; ++i) energy += run[i] * plan.mel_weights[begin + i];
    const Vec floor = Vec{} + FLT_EPSILON;
    const Vec log = Log(energy > floor ? energy : floor);
    for (int l = 0; l < frames; ++l) out[l * plan.mel_bins + m] = log[l];
  }
}

}  // namespace rill::RILL_SIMD
