// Causal linear attention over whole sequences on the device, forward and backward: the twin of
// kernels/cpu/linear_attention.h, which has the formulae and the meaning of every argument
// (Katharopoulos et al., ICML 2020, Algorithm 1). Sequences are cut into blocks of 64 frames; all
// blocks of all heads run at once, and only the sums between them are carried from block to block.
// Sums, decay and states are float whatever T is. Device pointers, aligned to four values. Work is
// queued on `stream`; any host thread. Results do not depend, bit for bit, on the rest of the
// batch.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/cpu/linear_attention.h"

namespace rill::kernels::cuda {

// Bytes of scratch that a call with these inputs needs: one state of 16,640 bytes a head and block,
// twice that in the backward pass, and twice that again if there is a chunk_end.
size_t LinearAttentionScratchBytes(const AttentionShape& shape, bool backward, bool has_chunks);

template <typename T>
cudaError_t LinearAttentionForward(const AttentionShape& shape, const AttentionInputs<T>& in,
                                   T* num, float* den, void* scratch, cudaStream_t stream);

template <typename T>
cudaError_t LinearAttentionBackward(const AttentionShape& shape, const AttentionInputs<T>& in,
                                    const T* d_num, const float* d_den,
                                    const AttentionGradients<T>& out, void* scratch,
                                    cudaStream_t stream);

}  // namespace rill::kernels::cuda
