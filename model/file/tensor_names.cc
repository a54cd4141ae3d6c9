#include "model/file/tensor_names.h"

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

class TensorList {
 public:
  void Vector(const std::string& name, std::vector<int64_t> shape) {
    specs_.push_back({name, std::move(shape), false});
  }
  void Matrix(const std::string& name, std::vector<int64_t> shape) {
    specs_.push_back({name, std::move(shape), true});
  }
  std::vector<TensorSpec> Take() { return std::move(specs_); }

 private:
  std::vector<TensorSpec> specs_;
};

void AddFfn(const ModelConfig& config, const std::string& prefix, TensorList& list) {
  list.Vector(prefix + ".norm", {config.width});
  list.Matrix(prefix + ".up.weight", {config.ffn_width, config.width});
  list.Matrix(prefix + ".down.weight", {config.width, config.ffn_width});
}

void AddAttention(const ModelConfig& config, const std::string& prefix, TensorList& list) {
  const int64_t d = config.width, heads = config.heads, inner = config.attention_width();
  const bool paper = config.attention == AttentionMode::kPaper;
  list.Vector(prefix + ".norm", {d});
  list.Matrix(prefix + ".qkvg.weight", {(paper ? 3 : 4) * inner, d});
  if (!paper) {
    list.Vector(prefix + ".decay.weight", {heads, d});
    list.Vector(prefix + ".decay.bias", {heads});
    list.Vector(prefix + ".q_scale", {heads, 64});
    list.Vector(prefix + ".k_scale", {heads, 64});
    list.Vector(prefix + ".sink", {heads, 64});
    list.Vector(prefix + ".merge_norm", {inner});
  }
  list.Matrix(prefix + ".out.weight", {d, inner});
}

void AddConv(const ModelConfig& config, const std::string& prefix, TensorList& list) {
  const int64_t d = config.width;
  list.Vector(prefix + ".norm", {d});
  list.Matrix(prefix + ".up.weight", {2 * d, d});
  list.Vector(prefix + ".depthwise", {d, config.conv_kernel});
  list.Vector(prefix + ".mid_norm", {d});
  list.Matrix(prefix + ".down.weight", {d, d});
}

}  // namespace

std::vector<TensorSpec> ModelTensors(const ModelConfig& config) {
  const int64_t c1 = config.front_channels1, c2 = config.front_channels2;
  TensorList list;
  list.Vector("features.mean", {config.mel_bins});
  list.Vector("features.inv_std", {config.mel_bins});
  list.Vector("front.conv1.weight", {c1, 1, 3, 3});
  list.Vector("front.conv1.bias", {c1});
  list.Matrix("front.conv2.weight", {c2, c1, 3, 3});
  list.Vector("front.conv2.bias", {c2});
  list.Matrix("front.proj.weight", {config.width, c2 * config.front_bins()});
  list.Vector("front.proj.bias", {config.width});
  for (int n = 0; n < config.blocks; ++n) {
    const std::string block = absl::StrCat("blocks.", n);
    AddFfn(config, block + ".ffn1", list);
    AddAttention(config, block + ".attention", list);
    AddConv(config, block + ".conv", list);
    AddFfn(config, block + ".ffn2", list);
  }
  list.Vector("final_norm", {config.width});
  list.Vector("head.weight", {config.outputs(), config.width});
  list.Vector("head.bias", {config.outputs()});
  return list.Take();
}

int64_t ParameterCount(const ModelConfig& config) {
  int64_t count = 0;
  for (const TensorSpec& spec : ModelTensors(config)) {
    int64_t size = 1;
    for (const int64_t extent : spec.shape) size *= extent;
    count += size;
  }
  return count;
}

}  // namespace rill
