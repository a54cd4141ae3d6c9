#include "model/paper/speech/bi_lstm.h"

#include <ATen/ATen.h>

#include <cmath>

#include "absl/strings/str_cat.h"

namespace rill::paper {

using at::Tensor;

BiLstm::BiLstm(const BiLstmConfig& config) : config_(config), parameters_(config.seed) {
  const double limit = 1 / std::sqrt(static_cast<double>(config.width));
  for (int64_t n = 0; n < config.layers; ++n) {
    const int64_t in = n == 0 ? config.features : 2 * config.width;
    for (const char* direction : {"forward", "backward"}) {
      const std::string name = absl::StrCat("layers.", n, ".", direction, ".");
      const int64_t gates = 4 * config.width;
      weights_.push_back(parameters_.Add(name + "in", {gates, in}, limit));
      weights_.push_back(parameters_.Add(name + "state", {gates, config.width}, limit));
      weights_.push_back(parameters_.Add(name + "in_bias", {gates}, limit));
      weights_.push_back(parameters_.Add(name + "state_bias", {gates}, limit));
    }
  }
  head_ = parameters_.AddDense("head", 2 * config.width, config.outputs);
}

Tensor BiLstm::Forward(const Tensor& inputs, const Tensor& lengths, uint64_t) const {
  // Packed, so that the backward direction begins at each clip's end and not in the padding.
  const auto [data, sizes] = at::_pack_padded_sequence(inputs, lengths, /*batch_first=*/true);
  const Tensor zero =
      at::zeros({2 * config_.layers, inputs.size(0), config_.width}, inputs.options());
  const Tensor out =
      std::get<0>(at::lstm(data, sizes, {zero, zero}, weights_, /*has_biases=*/true, config_.layers,
                           /*dropout=*/0.0, /*train=*/at::GradMode::is_enabled(),
                           /*bidirectional=*/true));
  const auto padded = at::_pad_packed_sequence(out, sizes, /*batch_first=*/true,
                                               /*padding_value=*/0.0, inputs.size(1));
  return head_(std::get<0>(padded));
}

}  // namespace rill::paper
