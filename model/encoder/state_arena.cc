#include "model/encoder/state_arena.h"

#include <algorithm>
#include <new>

#include "absl/strings/str_format.h"
#include "kernels/cpu/front_conv.h"
#include "kernels/cpu/recurrent_attention.h"

namespace rill {
namespace {

constexpr size_t kCacheLine = 64;

int64_t RoundUp(int64_t floats) {
  constexpr int64_t kLineFloats = kCacheLine / sizeof(float);
  return (floats + kLineFloats - 1) / kLineFloats * kLineFloats;
}

}  // namespace

StateLayout::StateLayout(const ModelConfig& config) {
  const int64_t level1_bins = kernels::ConvBins(config.mel_bins);
  attention_floats = config.heads * kernels::kHeadStateFloats;
  conv_floats = RoundUp((config.conv_kernel - 1) * int64_t{config.width});
  attention_offset = 0;
  conv_offset = RoundUp(config.blocks * attention_floats);
  front1_tail = conv_offset + config.blocks * conv_floats;
  front2_tail = front1_tail + RoundUp(kernels::PaddedBins(config.mel_bins));
  total = front2_tail + RoundUp(kernels::PaddedBins(level1_bins) * config.front_channels1);
}

void StateArena::Free::operator()(float* data) const {
  operator delete (data, std::align_val_t{kCacheLine});
}

StateArena::Block StateArena::Allocate(size_t bytes) {
  return Block(
      static_cast<float*>(operator new (bytes, std::align_val_t{kCacheLine}, std::nothrow)));
}

absl::StatusOr<std::unique_ptr<StateArena>> StateArena::Create(const StateLayout& layout,
                                                               std::vector<float> initial,
                                                               int slots) {
  const size_t bytes = static_cast<size_t>(layout.total) * sizeof(float) * slots;
  Block data = Allocate(bytes);
  if (data == nullptr) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "no memory for the states of %d streams, %.1f GB: a worker's share of --max-streams", slots,
        1e-9 * static_cast<double>(bytes)));
  }
  return std::unique_ptr<StateArena>(
      new StateArena(layout, std::move(initial), slots, std::move(data)));
}

StateArena::StateArena(const StateLayout& layout, std::vector<float> initial, int slots, Block data)
    : layout_(layout), initial_(std::move(initial)), data_(std::move(data)), pool_(slots) {}

absl::StatusOr<int> StateArena::Acquire() {
  const absl::StatusOr<int> slot = pool_.Acquire();
  if (slot.ok()) Reset(*slot);
  return slot;
}

void StateArena::Reset(int index) { std::copy(initial_.begin(), initial_.end(), slot(index)); }

}  // namespace rill
