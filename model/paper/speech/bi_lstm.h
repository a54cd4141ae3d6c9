// The paper's recurrent baseline: layers of bidirectional LSTM (Hochreiter and Schmidhuber, 1997)
// and a projection. Thread rule: as network.h.
#pragma once

#include <cstdint>
#include <vector>

#include "model/paper/network/network.h"

namespace rill::paper {

struct BiLstmConfig {
  int64_t features;
  int64_t layers = 3;
  int64_t width = 320;  // of one direction
  int64_t outputs;
  uint64_t seed = 1;
};

class BiLstm : public Network {
 public:
  explicit BiLstm(const BiLstmConfig& config);

  const Parameters& parameters() const override { return parameters_; }
  // lengths: given, falling.
  at::Tensor Forward(const at::Tensor& inputs, const at::Tensor& lengths,
                     uint64_t seed) const override;

 private:
  const BiLstmConfig config_;
  Parameters parameters_;
  std::vector<at::Tensor> weights_;  // as at::lstm takes them
  Dense head_;
};

}  // namespace rill::paper
