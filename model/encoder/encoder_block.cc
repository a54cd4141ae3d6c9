#include "model/encoder/encoder_block.h"

#include "absl/strings/str_cat.h"
#include "kernels/cpu/glu_conv.h"
#include "kernels/cpu/recurrent_attention.h"
#include "kernels/cpu/rms_norm.h"
#include "kernels/cpu/serving_heads.h"
#include "model/encoder/dense_layer.h"

namespace rill {
namespace {

using kernels::Activation;
using kernels::MatmulPrecision;
using kernels::PackedLinear;

absl::Status LoadInto(const ModelFile& file, const std::string& name, Activation activation,
                      MatmulPrecision precision, std::unique_ptr<PackedLinear>* layer) {
  auto loaded = LoadDenseLayer(file, name, {"", activation, precision});
  if (!loaded.ok()) return loaded.status();
  *layer = *std::move(loaded);
  return absl::OkStatus();
}

const float* DataOrNull(const std::vector<float>& values) {
  return values.empty() ? nullptr : values.data();
}

}  // namespace

void NormalizeResidual(int64_t first, int64_t count, const std::vector<float>& weight,
                       const EncoderScratch& scratch, float* y) {
  float* x = scratch.x + first * scratch.width;
  const float* branch =
      scratch.branch_scale != 0 ? scratch.branch + first * scratch.width : nullptr;
  kernels::RmsNormForward<float>({count, scratch.width}, x, branch, scratch.branch_scale,
                                 weight.data(), /*silu=*/false, x, y, nullptr);
}

absl::Status EncoderBlock::Load(const ModelFile& file, const std::string& name,
                                MatmulPrecision precision, FeedForward* ffn) {
  ffn->norm = file.Tensor(name + ".norm");
  const absl::Status status =
      LoadInto(file, name + ".up.weight", Activation::kSilu, precision, &ffn->up);
  if (!status.ok()) return status;
  return LoadInto(file, name + ".down.weight", Activation::kNone, precision, &ffn->down);
}

absl::Status EncoderBlock::Load(const ModelFile& file, const std::string& name,
                                MatmulPrecision precision, Attention* attention) {
  attention->norm = file.Tensor(name + ".norm");
  attention->decay_weight = file.Tensor(name + ".decay.weight");
  attention->decay_bias = file.Tensor(name + ".decay.bias");
  attention->q_scale = file.Tensor(name + ".q_scale");
  attention->k_scale = file.Tensor(name + ".k_scale");
  attention->merge_norm = file.Tensor(name + ".merge_norm");
  const absl::Status status =
      LoadInto(file, name + ".qkvg.weight", Activation::kNone, precision, &attention->qkvg);
  if (!status.ok()) return status;
  return LoadInto(file, name + ".out.weight", Activation::kNone, precision, &attention->out);
}

absl::Status EncoderBlock::Load(const ModelFile& file, const std::string& name,
                                MatmulPrecision precision, Convolution* conv) {
  conv->norm = file.Tensor(name + ".norm");
  const std::vector<float> depthwise = file.Tensor(name + ".depthwise");
  const int64_t width = file.config().width, kernel = file.config().conv_kernel;
  conv->taps.resize(depthwise.size());
  kernels::TransposeConvWeight(width, kernel, depthwise.data(), conv->taps.data());
  conv->mid_norm = file.Tensor(name + ".mid_norm");
  const absl::Status status =
      LoadInto(file, name + ".up.weight", Activation::kNone, precision, &conv->up);
  if (!status.ok()) return status;
  return LoadInto(file, name + ".down.weight", Activation::kNone, precision, &conv->down);
}

absl::StatusOr<std::unique_ptr<EncoderBlock>> EncoderBlock::Create(const ModelFile& file, int layer,
                                                                   MatmulPrecision precision) {
  std::unique_ptr<EncoderBlock> block(new EncoderBlock);
  block->layer_ = layer;
  block->heads_ = file.config().heads;
  block->conv_kernel_ = file.config().conv_kernel;
  const std::string name = absl::StrCat("blocks.", layer);
  absl::Status status = Load(file, name + ".ffn1", precision, &block->ffn1_);
  if (status.ok()) status = Load(file, name + ".attention", precision, &block->attention_);
  if (status.ok()) status = Load(file, name + ".conv", precision, &block->conv_);
  if (status.ok()) status = Load(file, name + ".ffn2", precision, &block->ffn2_);
  if (!status.ok()) return status;
  return block;
}

void EncoderBlock::Step(StateArena& arena, EncoderScratch& scratch) const {
  Step(ffn1_, scratch);
  Step(attention_, arena, scratch);
  Step(conv_, arena, scratch);
  Step(ffn2_, scratch);
}

void EncoderBlock::Step(const FeedForward& ffn, EncoderScratch& scratch) const {
  float* normed = scratch.normed.Get(kBlockFrames * scratch.width);
  float* hidden = scratch.hidden.Get(kBlockFrames * ffn.up->outputs());
  ForEachBlock(scratch.total_frames, [&](int64_t first, int64_t count) {
    NormalizeResidual(first, count, ffn.norm, scratch, normed);
    ffn.up->Run(count, normed, hidden, *scratch.matmul);
    ffn.down->Run(count, hidden, scratch.branch + first * scratch.width, *scratch.matmul);
  });
  scratch.branch_scale = 0.5f;
}

void EncoderBlock::Step(const Attention& attention, StateArena& arena,
                        EncoderScratch& scratch) const {
  const int64_t total = scratch.total_frames, inner = heads_ * kernels::kHeadDim;
  const int64_t stride = attention.qkvg->outputs();
  const bool has_decay = !attention.decay_bias.empty();
  float* normed = scratch.normed.Get(kBlockFrames * scratch.width);
  float* qkvg = scratch.projected.Get(total * stride);
  float* log_decay = has_decay ? scratch.log_decays.Get(total * heads_) : nullptr;
  ForEachBlock(total, [&](int64_t first, int64_t count) {
    NormalizeResidual(first, count, attention.norm, scratch, normed);
    float* block = qkvg + first * stride;
    attention.qkvg->Run(count, normed, block, *scratch.matmul);
    kernels::MapHeadsInPlace(count, heads_, stride, DataOrNull(attention.q_scale),
                             DataOrNull(attention.k_scale), block);
    if (has_decay) {
      kernels::LogDecay(count, heads_, scratch.width, normed, attention.decay_weight.data(),
                        attention.decay_bias.data(), kMinForget, log_decay + first * heads_);
    }
  });

  kernels::RecurrentAttentionArgs args;
  args.rows = static_cast<int64_t>(scratch.slots.size());
  args.heads = heads_;
  args.slots = scratch.slots.data();
  args.frames = scratch.frames.data();
  args.chunks = scratch.chunks.data();
  args.q = qkvg;
  args.k = qkvg + inner;
  args.v = qkvg + 2 * inner;
  args.frame_stride = stride;
  args.log_decay = log_decay;
  args.state = {arena.slot(0) + arena.layout().attention(layer_), arena.layout().total,
                kernels::kHeadStateFloats};
  args.num = scratch.mixed.Get(total * inner);
  args.den = scratch.denominators.Get(total * heads_);
  kernels::RecurrentAttentionStep(args);

  ForEachBlock(total, [&](int64_t first, int64_t count) {
    float* merged = args.num + first * inner;
    kernels::MergeHeadsStep(count, heads_, merged, args.den + first * heads_,
                            qkvg + first * stride + 3 * inner, stride,
                            DataOrNull(attention.merge_norm), merged);
    attention.out->Run(count, merged, scratch.branch + first * scratch.width, *scratch.matmul);
  });
  scratch.branch_scale = 1.0f;
}

void EncoderBlock::Step(const Convolution& conv, StateArena& arena, EncoderScratch& scratch) const {
  const int64_t total = scratch.total_frames, width = scratch.width;
  float* normed = scratch.normed.Get(kBlockFrames * width);
  float* gated = scratch.projected.Get(total * 2 * width);
  float* mixed = scratch.mixed.Get(total * width);
  ForEachBlock(total, [&](int64_t first, int64_t count) {
    NormalizeResidual(first, count, conv.norm, scratch, normed);
    conv.up->Run(count, normed, gated + first * 2 * width, *scratch.matmul);
  });

  int64_t first = 0;
  for (size_t r = 0; r < scratch.slots.size(); ++r) {
    float* tail = arena.slot(scratch.slots[r]) + arena.layout().conv_tail(layer_);
    kernels::GluConvStep(scratch.frames[r], width, conv_kernel_, gated + first * 2 * width,
                         conv.taps.data(), tail, mixed + first * width);
    first += scratch.frames[r];
  }

  ForEachBlock(total, [&](int64_t begin, int64_t count) {
    kernels::RmsNormForward<float>({count, width}, mixed + begin * width, nullptr, 0.0f,
                                   conv.mid_norm.data(), /*silu=*/true, nullptr, normed, nullptr);
    conv.down->Run(count, normed, scratch.branch + begin * width, *scratch.matmul);
  });
  scratch.branch_scale = 1.0f;
}

}  // namespace rill
