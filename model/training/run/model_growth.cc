#include "model/training/run/model_growth.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rill::training {
namespace {

enum class Fill { kFirstValue, kZero };  // of what the small model does not have

// How the places along one axis of a tensor come about: `parts` times `now`, of which the first
// `before` of each part were there before.
struct Axis {
  int64_t parts = 1;
  int64_t before = 1;
  int64_t now = 1;
  Fill fill = Fill::kFirstValue;
  int zero_part = -1;  // this part's new places are zero whatever `fill` says

  bool IsOld(int64_t i) const { return i % now < before; }
  int64_t OldPlace(int64_t i) const { return i / now * before + i % now; }
  bool IsZero(int64_t i) const {
    return !IsOld(i) && (fill == Fill::kZero || i / now == zero_part);
  }
};

struct Growth {
  Axis rows;
  Axis columns;
  float scale = 1.0f;  // of the old values
};

struct Sizes {
  Axis width, ffn, inner, heads;
  int64_t outputs;  // that mean the same in both models: the first ones
};

Axis Between(int64_t before, int64_t now) { return {1, before, now}; }
Axis Zero(Axis axis) {
  axis.fill = Fill::kZero;
  return axis;
}
Axis Parts(int64_t parts, Axis axis, int zero_part) {
  axis.parts = parts;
  axis.zero_part = zero_part;
  return axis;
}

Growth Norm(const Axis& axis) {
  return {axis, {}, std::sqrt(static_cast<float>(axis.before) / static_cast<float>(axis.now))};
}

Growth GrowthOf(const TensorSpec& spec, const Sizes& sizes) {
  const auto& [width, ffn, inner, heads, outputs] = sizes;
  const std::string& name = spec.name;
  const auto ends = [&](const char* suffix) { return absl::EndsWith(name, suffix); };
  int64_t columns = 1;
  for (size_t i = 1; i < spec.shape.size(); ++i) columns *= spec.shape[i];
  const Axis same = Between(columns, columns);

  if (ends(".merge_norm")) return Norm(inner);
  if (ends("norm")) return Norm(width);  // mid_norm, too
  if (ends("front.proj.weight") || ends("front.proj.bias")) return {Zero(width), same};
  if (ends(".qkvg.weight")) return {Parts(spec.shape[0] / inner.now, inner, 2), width};
  if (ends(".out.weight")) return {Zero(width), inner};
  if (ends(".conv.up.weight")) return {Parts(2, width, 0), width};
  if (ends(".conv.down.weight")) return {Zero(width), width};
  if (ends(".up.weight")) return {ffn, width};
  if (ends(".down.weight")) return {Zero(width), Zero(ffn)};
  if (ends(".depthwise")) return {width, same};
  if (ends(".decay.weight")) return {heads, width};
  if (ends(".decay.bias") || ends("_scale") || ends(".sink")) return {heads, same};
  if (ends("head.weight")) return {Between(std::min(outputs, spec.shape[0]), spec.shape[0]), width};
  if (ends("head.bias")) return {Between(std::min(outputs, spec.shape[0]), spec.shape[0]), same};
  return {Between(spec.shape[0], spec.shape[0]), same};
}

int64_t SameOutputs(const ModelConfig& small, const ModelConfig& large) {
  if (small.tokens != large.tokens) return 0;
  return small.phones == large.phones ? small.outputs() : small.num_tokens();
}

bool ClosesBranch(const std::string& name) {
  return absl::EndsWith(name, ".down.weight") || absl::EndsWith(name, ".out.weight");
}

constexpr char kBlocks[] = "blocks.";

}  // namespace

absl::Status CheckGrowth(const ModelConfig& small, const ModelConfig& large) {
  const auto error = [](const char* field, const char* problem) {
    return absl::InvalidArgumentError(
        absl::StrCat("a model cannot grow into this size: ", field, " ", problem));
  };
  const struct {
    const char* name;
    int ModelConfig::*field;
    bool may_grow;
  } fields[] = {{"width", &ModelConfig::width, true},
                {"blocks", &ModelConfig::blocks, true},
                {"heads", &ModelConfig::heads, true},
                {"ffn_width", &ModelConfig::ffn_width, true},
                {"conv_kernel", &ModelConfig::conv_kernel, false},
                {"mel_bins", &ModelConfig::mel_bins, false},
                {"front_channels1", &ModelConfig::front_channels1, false},
                {"front_channels2", &ModelConfig::front_channels2, false}};
  for (const auto& [name, field, may_grow] : fields) {
    if (large.*field < small.*field) return error(name, "is smaller");
    if (!may_grow && large.*field != small.*field) return error(name, "is another");
  }
  if (small.attention != large.attention) return error("attention", "is another");
  return absl::OkStatus();
}

int OldBlock(const ModelConfig& small, const ModelConfig& large, int n) {
  // Old block i stands at the first n with n * small >= i * large.
  const int i = n * small.blocks / large.blocks;
  const int place = (i * large.blocks + small.blocks - 1) / small.blocks;
  return place == n ? i : -1;
}

std::string OldTensor(const ModelConfig& small, const ModelConfig& large, const std::string& name) {
  if (!absl::StartsWith(name, kBlocks)) return name;
  char* rest = nullptr;
  const int block = static_cast<int>(std::strtol(name.c_str() + sizeof(kBlocks) - 1, &rest, 10));
  const int old = OldBlock(small, large, block);
  return old < 0 ? "" : absl::StrCat(kBlocks, old, rest);
}

void GrowTensor(const ModelConfig& small, const ModelConfig& large, const TensorSpec& spec,
                const std::vector<float>& old, std::vector<float>& values) {
  if (old.empty()) {  // a new block
    if (ClosesBranch(spec.name)) values.assign(values.size(), 0.0f);
    return;
  }
  const Growth growth =
      GrowthOf(spec, {Between(small.width, large.width), Between(small.ffn_width, large.ffn_width),
                      Between(small.attention_width(), large.attention_width()),
                      Between(small.heads, large.heads), SameOutputs(small, large)});
  const Axis &rows = growth.rows, &columns = growth.columns;
  const int64_t row_size = columns.parts * columns.now, old_row = columns.parts * columns.before;
  for (int64_t r = 0; r < rows.parts * rows.now; ++r) {
    for (int64_t c = 0; c < row_size; ++c) {
      float& value = values[r * row_size + c];
      if (rows.IsOld(r) && columns.IsOld(c)) {
        value = growth.scale * old[rows.OldPlace(r) * old_row + columns.OldPlace(c)];
      } else if (rows.IsZero(r) || columns.IsZero(c)) {
        value = 0;
      }
    }
  }
}

}  // namespace rill::training
