// Linear attention in its parallel form as one differentiable operation of LibTorch, by kernels
// that are found at run time: on a GPU those of librill_cuda_attention.so, beside which no CUDA is
// needed to build rill-train.
//
// Thread rule: any thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <tuple>

#include "absl/status/statusor.h"
#include "kernels/cuda/attention_library.h"

namespace rill::training {

// Functions on memory of one kind of device.
struct AttentionKernels {
  RillAttentionScratchBytes* scratch_bytes;
  RillAttention* forward;
  RillAttention* backward;
};

// FailedPrecondition if the library cannot be opened or is of another version. It stays open.
absl::StatusOr<AttentionKernels> OpenAttentionKernels(const std::string& path);

// (num, den) of kernels/cpu/linear_attention.h, which has the shapes. q, k, v: contiguous, all
// float or all bfloat16; log_decay, z0: float; chunk_end: int32. `kernels` must outlive the
// backward pass; on a GPU LibTorch's stream must be the default one, theirs. Throws c10::Error if a
// kernel fails.
std::tuple<at::Tensor, at::Tensor> LinearAttention(const AttentionKernels& kernels,
                                                   const at::Tensor& q, const at::Tensor& k,
                                                   const at::Tensor& v, const at::Tensor& log_decay,
                                                   const at::Tensor& chunk_end,
                                                   const at::Tensor& z0);

}  // namespace rill::training
