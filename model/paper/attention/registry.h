// Attentions by name: softmax, softmax-cached (the same, generating with a cache of keys and
// values), sdpa (PyTorch's scaled_dot_product_attention), lsh-N (N rounds), linear. Pure functions;
// any thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/paper/attention/attention.h"
#include "model/paper/attention/lsh_attention.h"

namespace rill::paper {

// `lsh`: buckets and chunk of lsh-N. InvalidArgument naming what is not one of the above.
absl::StatusOr<std::shared_ptr<const Attention>> MakeAttention(const std::string& name,
                                                               const LshOptions& lsh = {});

}  // namespace rill::paper
