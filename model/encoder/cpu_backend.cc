#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/cpu/simd.h"
#include "model/encoder/encoder_backend.h"
#include "model/encoder/encoder_scratch.h"

namespace rill {
namespace {

class CpuWorker final : public EncoderWorker {
 public:
  CpuWorker(const Encoder* encoder, std::unique_ptr<StateArena> arena)
      : encoder_(encoder), arena_(std::move(arena)), scratch_(encoder->NewScratch()) {}

  absl::StatusOr<int> Acquire() override { return arena_->Acquire(); }
  void Release(int slot) override { arena_->Release(slot); }

  absl::Status ReadState(int slot, absl::Span<float> state) override {
    std::copy_n(arena_->slot(slot), state.size(), state.begin());
    return absl::OkStatus();
  }

  absl::Status WriteState(int slot, absl::Span<const float> state) override {
    std::copy(state.begin(), state.end(), arena_->slot(slot));
    return absl::OkStatus();
  }

  absl::Status Step(absl::Span<const EncoderRow> rows, float* log_probs) override {
    encoder_->Step(rows, *arena_, *scratch_, log_probs);
    return absl::OkStatus();
  }

  int slots() const override { return arena_->slots(); }
  int slots_in_use() const override { return arena_->in_use(); }

 private:
  const Encoder* const encoder_;
  const std::unique_ptr<StateArena> arena_;
  const std::unique_ptr<EncoderScratch, void (*)(EncoderScratch*)> scratch_;
};

class CpuBackend final : public EncoderBackend {
 public:
  explicit CpuBackend(std::unique_ptr<const Encoder> encoder) : encoder_(std::move(encoder)) {}

  const StateLayout& layout() const override { return encoder_->layout(); }
  std::string device() const override {
    return absl::StrCat("cpu (", kernels::SimdName(), ", products in ",
                        kernels::Name(encoder_->precision()), ")");
  }
  absl::StatusOr<std::unique_ptr<EncoderWorker>> NewWorker(int slots) const override {
    auto arena = StateArena::Create(encoder_->layout(), encoder_->InitialState(), slots);
    if (!arena.ok()) return arena.status();
    return std::make_unique<CpuWorker>(encoder_.get(), *std::move(arena));
  }

 private:
  const std::unique_ptr<const Encoder> encoder_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<EncoderBackend>> MakeCpuBackend(const ModelFile& file,
                                                               const EncoderOptions& options) {
  auto encoder = Encoder::Create(file, options);
  if (!encoder.ok()) return encoder.status();
  return std::make_unique<CpuBackend>(*std::move(encoder));
}

}  // namespace rill
