#include "tests/kernels/cuda/on_host/cuda_on_host.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/kernels/cuda/on_host/cuda_runtime.h"
#include "tests/kernels/cuda/on_host/fiber.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

alignas(128) unsigned char rill_block_shared[rill::cuda_on_host::kMaxSharedBytes];

namespace rill::cuda_on_host {
namespace {

constexpr int kMaxThreads = 1024;

enum class Waits { kNo, kForBlock, kForWarp, kDone };

struct Thread {
  Fiber fiber;
  Waits waits = Waits::kNo;
  Site site;
  // Of an exchange.
  unsigned mask = 0;
  int from_lane = 0;
  uint64_t given = 0;
  uint64_t taken = 0;
};

std::mt19937 random_order;
std::vector<std::unique_ptr<Thread>> threads;  // kept from launch to launch, for their stacks
std::vector<std::vector<int>> ready;           // those that can go on, by warp
std::vector<int> warp_order;                   // of the running block
bool is_greedy = false;                        // a warp runs as long as it can
const std::function<void()>* running_kernel = nullptr;
int running_thread = 0;
std::string error;  // found inside a fiber

void RunKernel() { (*running_kernel)(); }

// Fills the block's shared memory with NaNs, and hides what lies behind it.
void PoisonShared(size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(rill_block_shared, kMaxSharedBytes);
#endif
  std::fill_n(rill_block_shared, bytes, 0xFF);
#ifdef __SANITIZE_ADDRESS__
  __asan_poison_memory_region(rill_block_shared + bytes, kMaxSharedBytes - bytes);
#endif
}

std::string Describe(int num_threads) {
  std::map<std::string, std::vector<int>> groups;
  for (int i = 0; i < num_threads; ++i) {
    const Thread& thread = *threads[i];
    std::ostringstream where;
    if (thread.waits == Waits::kDone) {
      where << "has returned";
    } else {
      where << (thread.waits == Waits::kForBlock ? "waits for its block at "
                                                 : "waits for its warp at ")
            << thread.site.file << ":" << thread.site.line;
    }
    groups[where.str()].push_back(i);
  }
  std::ostringstream text;
  text << "block (" << blockIdx.x << ", " << blockIdx.y << ", " << blockIdx.z
       << "): its threads wait for each other:";
  for (const auto& [where, members] : groups) {
    text << "\n  thread " << members.front();
    if (members.size() > 1) text << " (and " << members.size() - 1 << " more)";
    text << " " << where;
  }
  return text.str();
}

void SetReady(int index) {
  threads[index]->waits = Waits::kNo;
  ready[index / kWarpLanes].push_back(index);
}

// From one barrier to the next, threads either take turns at random, or their warps have ranks:
// only then does a warp that waits for its own lanes now and again get far ahead of the others.
void DrawOrder() {
  std::shuffle(warp_order.begin(), warp_order.end(), random_order);
  is_greedy = random_order() % 2 == 0;
}

// Of those that are ready; -1: none.
int TakeNext() {
  const size_t warps = warp_order.size(), first = is_greedy ? 0 : random_order() % warps;
  for (size_t i = 0; i < warps; ++i) {
    std::vector<int>& lanes = ready[warp_order[(first + i) % warps]];
    if (lanes.empty()) continue;
    std::swap(lanes[random_order() % lanes.size()], lanes.back());
    const int taken = lanes.back();
    lanes.pop_back();
    return taken;
  }
  return -1;
}

// Lets the lanes of an exchange go on once all of them are there.
void FinishExchange(int index, int num_threads) {
  const Thread& arrived = *threads[index];
  const int first = index / kWarpLanes * kWarpLanes;
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    if ((arrived.mask >> lane & 1) == 0) continue;
    if (first + lane >= num_threads) return;
    const Thread& other = *threads[first + lane];
    if (other.waits != Waits::kForWarp || other.mask != arrived.mask || other.site != arrived.site)
      return;
  }
  const unsigned mask = arrived.mask;
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    if ((mask >> lane & 1) == 0) continue;
    Thread& other = *threads[first + lane];
    other.taken = threads[first + other.from_lane]->given;
    SetReady(first + lane);
  }
}

bool AllWaitAtOneBarrier(int num_threads) {
  return std::all_of(threads.begin(), threads.begin() + num_threads, [](const auto& thread) {
    return thread->waits == Waits::kForBlock && thread->site == threads[0]->site;
  });
}

void RunBlock(Extent extent, size_t shared_bytes) {
  const int num_threads = static_cast<int>(extent.volume());
  PoisonShared(shared_bytes);
  warp_order.resize((num_threads + kWarpLanes - 1) / kWarpLanes);
  std::iota(warp_order.begin(), warp_order.end(), 0);
  ready.assign(warp_order.size(), {});
  DrawOrder();
  for (int i = 0; i < num_threads; ++i) {
    threads[i]->fiber.Start(RunKernel);
    SetReady(i);
  }
  for (int done = 0; done < num_threads;) {
    running_thread = TakeNext();
    if (running_thread < 0) {
      if (!AllWaitAtOneBarrier(num_threads)) throw std::runtime_error(Describe(num_threads));
      for (int i = 0; i < num_threads; ++i) SetReady(i);
      DrawOrder();
      continue;
    }
    const unsigned at = static_cast<unsigned>(running_thread);
    threadIdx = {at % extent.x, at / extent.x % extent.y, at / extent.x / extent.y};
    Thread& thread = *threads[running_thread];
    if (!thread.fiber.Resume()) {
      thread.waits = Waits::kDone;
      ++done;
    }
    if (!error.empty()) throw std::runtime_error(error);
    if (thread.waits == Waits::kForWarp) FinishExchange(running_thread, num_threads);
  }
}

void Wait(Waits what, Site site) {
  Thread& self = *threads[running_thread];
  self.waits = what;
  self.site = site;
  Fiber::Yield();
}

}  // namespace

void Seed(uint32_t seed) { random_order.seed(seed); }

void RunGrid(Extent grid, Extent block, size_t shared_bytes, const std::function<void()>& kernel) {
  if (block.volume() < 1 || block.volume() > kMaxThreads || block.z > 64 || grid.volume() < 1 ||
      grid.x > 0x7FFFFFFFu || grid.y > 65535 || grid.z > 65535 || shared_bytes > kMaxSharedBytes) {
    throw std::runtime_error("no GPU takes this launch: empty, or too large");
  }
  while (static_cast<int64_t>(threads.size()) < block.volume()) {
    threads.push_back(std::make_unique<Thread>());
  }
  error.clear();
  running_kernel = &kernel;
  gridDim = {grid.x, grid.y, grid.z};
  blockDim = {block.x, block.y, block.z};
  std::vector<int64_t> order(grid.volume());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random_order);
  for (int64_t at : order) {
    blockIdx = {static_cast<unsigned>(at % grid.x), static_cast<unsigned>(at / grid.x % grid.y),
                static_cast<unsigned>(at / grid.x / grid.y)};
    RunBlock(block, shared_bytes);
  }
}

int Lane() { return running_thread % kWarpLanes; }

void WaitForBlock(Site site) { Wait(Waits::kForBlock, site); }

uint64_t Exchange(unsigned mask, uint64_t value, int from_lane, Site site) {
  Thread& self = *threads[running_thread];
  if ((mask >> Lane() & 1) == 0 || (mask >> from_lane & 1) == 0) {
    std::ostringstream text;
    text << site.file << ":" << site.line << ": lane " << Lane() << " reads lane " << from_lane
         << ", and the mask does not name both";
    error = text.str();
  }
  self.mask = mask;
  self.from_lane = from_lane;
  self.given = value;
  Wait(Waits::kForWarp, site);
  return self.taken;
}

}  // namespace rill::cuda_on_host
