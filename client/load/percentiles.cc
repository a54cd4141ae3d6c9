#include "client/load/percentiles.h"

#include <algorithm>
#include <cmath>

namespace rill::client {

void Percentiles::Add(double value) {
  values_.push_back(static_cast<float>(value));
  sorted_ = false;
}

double Percentiles::At(double percent) {
  if (values_.empty()) return 0;
  if (!sorted_) std::sort(values_.begin(), values_.end());
  sorted_ = true;
  const double rank = std::ceil(percent / 100 * static_cast<double>(values_.size()));
  return values_[static_cast<size_t>(std::clamp<double>(rank, 1, values_.size())) - 1];
}

}  // namespace rill::client
