// A larger encoder out of a trained smaller one, with the same output: training goes on from what
// the small one knows instead of from noise (T. Chen et al., "Net2Net", ICLR 2016; the blocks of
// identity between the old ones as in L. Gong et al., "Efficient training of BERT by progressively
// stacking", ICML 2019). Pure functions; any thread.
//
// The new channels of the residual stream begin at zero: whatever writes them has weight zero, and
// whatever reads them has its random first values, through which gradients reach the writers. New
// units inside a branch are cut off at one of their two ends in the same way. New blocks write
// nothing. Norms are scaled down, as their mean square now runs over zeros, too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/file/model_config.h"
#include "model/file/tensor_names.h"

namespace rill::training {

// InvalidArgument naming the first field in which `large` is smaller than `small`, or different
// though it has to be the same (features, front, convolution kernel).
absl::Status CheckGrowth(const ModelConfig& small, const ModelConfig& large);

// The block of the small model that becomes block n of the large one; -1: a new one. New blocks are
// spread evenly between the old.
int OldBlock(const ModelConfig& small, const ModelConfig& large, int n);

// The name of the tensor in the small model that `name` of the large one grows from; empty if it
// belongs to a new block.
std::string OldTensor(const ModelConfig& small, const ModelConfig& large, const std::string& name);

// Tensor `spec` of the large model, or the head after its middle block, which grows from "head.*".
// values: its first values as training would draw them; old: that of the small model called
// OldTensor, or empty. Of a head, rows keep their first values that are of other tokens or phones.
void GrowTensor(const ModelConfig& small, const ModelConfig& large, const TensorSpec& spec,
                const std::vector<float>& old, std::vector<float>& values);

}  // namespace rill::training
