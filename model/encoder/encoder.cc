#include "model/encoder/encoder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/cpu/log_softmax.h"
#include "kernels/cpu/simd.h"
#include "model/encoder/dense_layer.h"
#include "model/encoder/encoder_block.h"
#include "model/encoder/encoder_front.h"
#include "model/encoder/encoder_scratch.h"
#include "model/encoder/initial_state.h"

namespace rill {

namespace {

absl::Status CheckProcessor(kernels::MatmulPrecision precision) {
  const auto missing = [](const char* products, const char* instructions) {
    return absl::FailedPreconditionError(absl::StrCat("products in ", products,
                                                      " need a processor with ", instructions,
                                                      "; this one has ", kernels::SimdName()));
  };
  if (!kernels::HasLeastSimd()) {
    return absl::FailedPreconditionError(
        "the encoder needs a processor with AVX2, FMA and F16C (x86-64-v3); this one is older");
  }
  using kernels::MatmulPrecision;
  if (precision == MatmulPrecision::kInt8 && !kernels::HasFastInt8()) {
    return missing("int8", "AVX-512 VNNI");
  }
  if (precision == MatmulPrecision::kBFloat16 && !kernels::HasFastBFloat16()) {
    return missing("bfloat16", "AVX-512 BF16");
  }
  return absl::OkStatus();
}

kernels::MatmulPrecision BlockPrecision(kernels::MatmulPrecision wanted) {
  using kernels::MatmulPrecision;
  if (wanted != MatmulPrecision::kAuto) return wanted;
  if (kernels::HasFastInt8() && !kernels::HasAmx()) return MatmulPrecision::kInt8;
  return kernels::HasFastBFloat16() ? MatmulPrecision::kBFloat16 : MatmulPrecision::kFloat;
}

}  // namespace

class Encoder::Impl {
 public:
  explicit Impl(const ModelConfig& config) : config(config), layout(config) {}

  absl::Status Load(const ModelFile& file, const EncoderOptions& options) {
    using kernels::MatmulPrecision;
    precision = BlockPrecision(options.precision);
    // 8 bits are for the blocks: of the work the front has one part in thirty.
    auto loaded_front = EncoderFront::Create(
        file, precision == MatmulPrecision::kInt8 ? MatmulPrecision::kAuto : precision);
    if (!loaded_front.ok()) return loaded_front.status();
    front = *std::move(loaded_front);
    for (int n = 0; n < config.blocks; ++n) {
      auto block = EncoderBlock::Create(file, n, precision);
      if (!block.ok()) return block.status();
      blocks.push_back(*std::move(block));
    }
    final_norm = file.Tensor("final_norm");
    initial_state = rill::InitialState(file, layout);
    // Small, and what the words hang on: always float.
    auto loaded_head = LoadDenseLayer(
        file, "head.weight", {"head.bias", kernels::Activation::kNone, MatmulPrecision::kFloat});
    if (!loaded_head.ok()) return loaded_head.status();
    head = *std::move(loaded_head);
    return absl::OkStatus();
  }

  const ModelConfig config;
  const StateLayout layout;
  kernels::MatmulPrecision precision = kernels::MatmulPrecision::kAuto;
  std::vector<float> initial_state;
  std::unique_ptr<EncoderFront> front;
  std::vector<std::unique_ptr<EncoderBlock>> blocks;
  std::vector<float> final_norm;
  std::unique_ptr<kernels::PackedLinear> head;
};

Encoder::Encoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Encoder::~Encoder() = default;

absl::StatusOr<std::unique_ptr<Encoder>> Encoder::Create(const ModelFile& file,
                                                         const EncoderOptions& options) {
  absl::Status status = CheckProcessor(options.precision);
  if (!status.ok()) return status;
  auto impl = std::make_unique<Impl>(file.config());
  status = impl->Load(file, options);
  if (!status.ok()) return status;
  return std::unique_ptr<Encoder>(new Encoder(std::move(impl)));
}

const ModelConfig& Encoder::config() const { return impl_->config; }
const StateLayout& Encoder::layout() const { return impl_->layout; }
kernels::MatmulPrecision Encoder::precision() const { return impl_->precision; }

std::vector<float> Encoder::InitialState() const { return impl_->initial_state; }

std::unique_ptr<EncoderScratch, void (*)(EncoderScratch*)> Encoder::NewScratch() const {
  return {new EncoderScratch(impl_->config.width), [](EncoderScratch* scratch) { delete scratch; }};
}

void Encoder::Step(absl::Span<const EncoderRow> rows, StateArena& arena, EncoderScratch& scratch,
                   float* log_probs) const {
  scratch.Begin(rows);
  impl_->front->Step(rows, arena, scratch);
  for (const auto& block : impl_->blocks) block->Step(arena, scratch);

  const int64_t outputs = impl_->head->outputs();
  float* normed = scratch.normed.Get(kBlockFrames * scratch.width);
  ForEachBlock(scratch.total_frames, [&](int64_t first, int64_t count) {
    NormalizeResidual(first, count, impl_->final_norm, scratch, normed);
    float* logits = log_probs + first * outputs;
    impl_->head->Run(count, normed, logits, *scratch.matmul);
    const int64_t tokens = impl_->config.num_tokens(), phones = impl_->config.num_phones();
    kernels::LogSoftmax(count, tokens, outputs, logits, logits);
    if (phones > 0) {
      kernels::LogSoftmax(count, phones, outputs, logits + tokens, logits + tokens);
    }
  });
}

}  // namespace rill
