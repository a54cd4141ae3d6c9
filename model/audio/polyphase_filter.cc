#include "model/audio/polyphase_filter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <numbers>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

constexpr int kMaxRatio = 256;
// In samples of the lower rate. More would be a steeper filter, and a longer wait for the output.
constexpr double kHalfWidth = 94;
// The middle of the transition, as a part of the lower Nyquist frequency, and the window's shape:
// chosen so that the stop band begins at that frequency with less than -120 dB.
constexpr double kCutoff = 0.955;
constexpr double kBeta = 12.6;
// Rows to a sample of the lower rate: cubic interpolation between them is wrong by -137 dB at most.
constexpr double kGrid = 64;
// Above, rows are interpolated: a filter of all of them would be larger than half a megabyte.
constexpr int64_t kMaxExactTaps = 1 << 17;

// The modified Bessel function of the first kind and order 0, by its power series.
double BesselI0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; term > 1e-12 * sum; ++k) {
    term *= (x / 2 / k) * (x / 2 / k);
    sum += term;
  }
  return sum;
}

// The filter at a distance of t inputs; `scale` is that of the lower rate to the input's.
double Tap(double t, double scale) {
  const double x = t * scale;
  const double edge = 1 - x * x / (kHalfWidth * kHalfWidth);
  if (edge < 0) return 0;
  static const double kPeak = BesselI0(kBeta);
  const double window = BesselI0(kBeta * std::sqrt(edge)) / kPeak;
  const double angle = std::numbers::pi * kCutoff * x;
  return kCutoff * scale * window * (angle == 0 ? 1 : std::sin(angle) / angle);
}

PolyphaseFilter MakePolyphaseFilter(int input_rate, int output_rate) {
  PolyphaseFilter filter;
  const int divisor = std::gcd(input_rate, output_rate);
  filter.in_step = input_rate / divisor;
  filter.out_step = output_rate / divisor;
  const double scale = std::min(1.0, static_cast<double>(output_rate) / input_rate);
  // The rows lie at fractions of up to 1 + 1 / grid.
  constexpr int kStep = kDotLanes / 2;
  filter.reach = kStep * static_cast<int64_t>(std::ceil((kHalfWidth / scale + 1.25) / kStep));
  const bool exact = filter.out_step * 2 * filter.reach <= kMaxExactTaps;
  filter.grid = exact ? 0 : static_cast<int>(std::ceil(std::max(kGrid * scale, 4.0)));
  const int64_t count = exact ? filter.out_step : filter.grid + 3;
  const int64_t lanes = 2 * filter.reach / kDotLanes;
  filter.rows.resize(count * lanes);
  for (int64_t p = 0; p < count; ++p) {
    const double fraction =
        exact ? static_cast<double>(p) / filter.out_step : static_cast<double>(p - 1) / filter.grid;
    for (int64_t k = 0; k < 2 * filter.reach; ++k) {
      filter.rows[p * lanes + k / kDotLanes].value[k % kDotLanes] =
          static_cast<float>(Tap(k - filter.reach + 1 - fraction, scale));
    }
  }
  return filter;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const PolyphaseFilter>> GetPolyphaseFilter(int input_rate,
                                                                          int output_rate) {
  if (input_rate <= 0 || output_rate <= 0 || input_rate / kMaxRatio > output_rate ||
      output_rate / kMaxRatio > input_rate) {
    return absl::InvalidArgumentError(
        absl::StrCat("resampling: cannot go from ", input_rate, " to ", output_rate, " Hz"));
  }
  static std::mutex mutex;
  static auto& filters = *new std::map<std::pair<int, int>, std::weak_ptr<const PolyphaseFilter>>;
  static auto& recent = *new std::array<std::shared_ptr<const PolyphaseFilter>, 4>;
  static size_t next = 0;
  const std::lock_guard lock(mutex);
  std::erase_if(filters, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<const PolyphaseFilter>& known = filters[{input_rate, output_rate}];
  std::shared_ptr<const PolyphaseFilter> filter = known.lock();
  if (filter == nullptr) {
    filter = std::make_shared<const PolyphaseFilter>(MakePolyphaseFilter(input_rate, output_rate));
    known = filter;
    // Kept a while without a stream: making one takes some milliseconds.
    recent[next++ % recent.size()] = filter;
  }
  return filter;
}

}  // namespace rill
