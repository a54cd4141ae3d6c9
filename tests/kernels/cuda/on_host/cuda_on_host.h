// A model of how a GPU runs a kernel, for tests without one: blocks in turn, in random order; a
// block's threads as fibers, each of which runs until it waits for others, the next one chosen at
// random, or by ranks of their warps that are drawn anew at each barrier. A block's shared memory
// is filled with NaN before it starts. What a kernel must not do is an error that says which
// threads wait where:
//   - a barrier or warp instruction that some of its threads do not reach, or reach elsewhere in
//     the source;
//   - a launch that a GPU would refuse.
// AddressSanitizer, if compiled in, sees accesses outside of buffers and of the shared memory that
// was asked for.
//
// Memory is one: races between barriers show only by their outcome, in the order that was drawn.
// One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace rill::cuda_on_host {

// A place in the source. As a default argument it is the caller's.
struct Site {
  const char* file = nullptr;
  int line = 0;

  static constexpr Site Here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
  bool operator==(const Site&) const = default;
};

// The order of all blocks and threads from here on follows from the seed.
void Seed(uint32_t seed);

struct Extent {
  unsigned x = 1, y = 1, z = 1;
  int64_t volume() const { return int64_t{x} * y * z; }
};

inline constexpr int kWarpLanes = 32;
inline constexpr size_t kMaxSharedBytes = 227 * 1024;  // of a block, on sm_90

// Runs `kernel` once for each thread. Throws std::runtime_error on the errors above.
void RunGrid(Extent grid, Extent block, size_t shared_bytes, const std::function<void()>& kernel);

// The rest is for the running kernel.

void WaitForBlock(Site site);

// Gives `value` to the other lanes of `mask`, all of which must call this, and takes that of
// `from_lane`, which must be one of them.
uint64_t Exchange(unsigned mask, uint64_t value, int from_lane, Site site);

int Lane();

}  // namespace rill::cuda_on_host
