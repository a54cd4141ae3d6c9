// Random numbers that depend on nothing but their key: the same on every machine and in any order
// of calls (SplitMix64: Steele, Lea, Flood, 2014). A plain value; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace rill::training {

class Random {
 public:
  // A sequence of its own for every key, e.g. {seed, pass, clip}.
  explicit Random(std::initializer_list<uint64_t> key) {
    for (const uint64_t part : key) {
      state_ ^= part;
      state_ = Next();
    }
  }

  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  // 0 .. n - 1; n > 0. The bias of at most n / 2^64 does not matter here.
  int64_t Below(int64_t n) {
    return static_cast<int64_t>((static_cast<unsigned __int128>(Next()) * n) >> 64);
  }

  // [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }

  // Fisher and Yates.
  template <typename T>
  void Shuffle(std::vector<T>* items) {
    for (size_t i = items->size(); i > 1; --i) {
      std::swap((*items)[i - 1], (*items)[static_cast<size_t>(Below(static_cast<int64_t>(i)))]);
    }
  }

 private:
  uint64_t state_ = 0x5851F42D4C957F2Du;
};

}  // namespace rill::training
