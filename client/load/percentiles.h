// Exact percentiles of measured values, all of which are kept. Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <vector>

namespace rill::client {

class Percentiles {
 public:
  void Add(double value);
  size_t count() const { return values_.size(); }

  // The smallest value that at least `percent` % of all are not above (nearest rank). 0 if there
  // are none.
  double At(double percent);

 private:
  std::vector<float> values_;
  bool sorted_ = true;
};

}  // namespace rill::client
