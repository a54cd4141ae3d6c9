#include "model/features/fbank_plan.h"

#include <cmath>
#include <map>
#include <mutex>
#include <numbers>
#include <tuple>

#include "model/features/fbank_frames.h"

namespace rill {
namespace {

// The place of bin k after FbankFrames' radix-4 (and last radix-2) decimation in frequency.
int BinPlace(int k, int size) {
  if (size <= 2) return k;
  return k % 4 * (size / 4) + BinPlace(k / 4, size / 4);
}

// Power of the pre-emphasis filter 1 - a z^-1 at an angle, in radians a sample.
double PreemphasisPower(double angle) {
  return 1.0 + kPreemphasis * kPreemphasis - 2.0 * kPreemphasis * std::cos(angle);
}

// Played faster by `speed`, a bin sits higher on the slope of the pre-emphasis, and the window has
// fewer samples. Both are constant factors of the bin's power, folded into the filters.
void CompensateSpeed(double speed, int fft_size, MelFilters* mel) {
  for (size_t m = 0; m < mel->first.size(); ++m) {
    for (int i = mel->offset[m]; i < mel->offset[m + 1]; ++i) {
      const int k = mel->first[m] + i - mel->offset[m];
      const double angle = 2.0 * std::numbers::pi * k / fft_size;
      mel->weights[i] *=
          static_cast<float>(PreemphasisPower(angle * speed) / PreemphasisPower(angle) / speed);
    }
  }
}

FbankPlan MakeFbankPlan(const LogMelOptions& options) {
  using std::numbers::pi;
  FbankPlan plan;
  const double rate = options.sample_rate * options.speed;
  plan.window = static_cast<int>(std::lround(0.025 * rate));
  plan.shift = static_cast<int>(std::lround(0.010 * rate));
  plan.fft_size = 4;
  while (plan.fft_size < plan.window) plan.fft_size *= 2;
  for (int i = 0; i < plan.window; ++i) {
    const double hann = 0.5 - 0.5 * std::cos(2.0 * pi * i / (plan.window - 1));
    plan.taper.push_back(static_cast<float>(std::pow(hann, 0.85)));
  }
  for (int k = 0; k < plan.fft_size; ++k) {
    plan.cosines.push_back(static_cast<float>(std::cos(2.0 * pi * k / plan.fft_size)));
    plan.sines.push_back(static_cast<float>(std::sin(2.0 * pi * k / plan.fft_size)));
  }
  for (int k = 0; k < plan.fft_size / 2; ++k) plan.order.push_back(BinPlace(k, plan.fft_size / 2));
  plan.mel = MakeMelFilters({.bins = options.mel_bins,
                             .fft_size = plan.fft_size,
                             .high_hz = options.sample_rate / 2.0,
                             .bin_hz = rate / plan.fft_size});
  if (options.speed != 1.0) CompensateSpeed(options.speed, plan.fft_size, &plan.mel);
  return plan;
}

}  // namespace

std::shared_ptr<const FbankPlan> GetFbankPlan(const LogMelOptions& options) {
  static std::mutex mutex;
  static auto& plans = *new std::map<std::tuple<int, int, double>, std::weak_ptr<const FbankPlan>>;
  const std::lock_guard lock(mutex);
  std::weak_ptr<const FbankPlan>& known =
      plans[{options.sample_rate, options.mel_bins, options.speed}];
  std::shared_ptr<const FbankPlan> plan = known.lock();
  if (plan == nullptr) {
    plan = std::make_shared<const FbankPlan>(MakeFbankPlan(options));
    known = plan;
  }
  return plan;
}

}  // namespace rill
