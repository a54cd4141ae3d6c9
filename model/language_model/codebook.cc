#include "model/language_model/codebook.h"

#include <algorithm>

namespace rill {
namespace {

constexpr int kRounds = 50;

// Different values, rising, with sums over all before each: a bin's mean costs two look-ups.
struct Histogram {
  std::vector<float> values;
  std::vector<double> counts{0}, sums{0};  // [values + 1]

  explicit Histogram(std::vector<float> all) {
    std::sort(all.begin(), all.end());
    for (size_t i = 0; i < all.size();) {
      const size_t begin = i;
      while (i < all.size() && all[i] == all[begin]) ++i;
      values.push_back(all[begin]);
      const double count = static_cast<double>(i - begin);
      counts.push_back(counts.back() + count);
      sums.push_back(sums.back() + count * all[begin]);
    }
  }
};

std::vector<float> Train(const Histogram& histogram, size_t levels) {
  const std::vector<float>& values = histogram.values;
  if (values.size() <= levels) return values;
  // bounds[i]: the first value of bin i. No bin is empty, then or later: a bin's mean lies within
  // it, so the middle between two means parts the two bins' values, too.
  std::vector<size_t> bounds(levels + 1, 0);
  for (size_t i = 1; i < levels; ++i) {
    const double before = histogram.counts.back() * static_cast<double>(i) / levels;
    const auto at = std::lower_bound(histogram.counts.begin(), histogram.counts.end(), before);
    bounds[i] = std::clamp<size_t>(at - histogram.counts.begin(), bounds[i - 1] + 1,
                                   values.size() - (levels - i));
  }
  bounds[levels] = values.size();
  std::vector<float> means(levels);
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < levels; ++i) {
      const size_t begin = bounds[i], end = bounds[i + 1];
      means[i] = static_cast<float>((histogram.sums[end] - histogram.sums[begin]) /
                                    (histogram.counts[end] - histogram.counts[begin]));
    }
    std::vector<size_t> next = bounds;
    for (size_t i = 1; i < levels; ++i) {
      const float middle = (means[i - 1] + means[i]) / 2;
      const size_t at = std::upper_bound(values.begin(), values.end(), middle) - values.begin();
      next[i] = std::clamp<size_t>(at, next[i - 1] + 1, values.size() - (levels - i));
    }
    if (next == bounds) break;
    bounds = next;
  }
  return means;
}

}  // namespace

Codebook::Codebook(std::vector<float> values, bool keep_zero)
    : first_(keep_zero ? 1 : 0), keep_zero_(keep_zero) {
  if (keep_zero) values.erase(std::remove(values.begin(), values.end(), 0.0f), values.end());
  if (values.empty()) values.push_back(0);
  sorted_ = Train(Histogram(std::move(values)), kCodes - first_);
  for (int code = first_; code < kCodes; ++code) {
    const size_t at = std::min<size_t>(code - first_, sorted_.size() - 1);
    values_[code] = sorted_[at];
  }
}

uint8_t Codebook::Encode(float value) const {
  if (keep_zero_ && value == 0) return 0;
  size_t at = std::lower_bound(sorted_.begin(), sorted_.end(), value) - sorted_.begin();
  if (at == sorted_.size()) --at;
  if (at > 0 && value - sorted_[at - 1] <= sorted_[at] - value) --at;
  return static_cast<uint8_t>(at + first_);
}

}  // namespace rill
