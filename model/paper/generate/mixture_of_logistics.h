// A pixel's 256 values under a mixture of logistic distributions cut into bins: Salimans et al.,
// "PixelCNN++" (ICLR 2017), section 2.1. Pixels lie on [-1, 1]; the outermost bins reach to
// infinity, so that the 256 probabilities sum to one.
//
// parameters: [..., 3 * mixtures]: logits of the mixture, means, log scales (not below -7). Pure
// functions; any thread.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace rill::paper {

// ln P(pixel) [...]; pixels: [...] int64, 0 to 255.
at::Tensor LogProbability(const at::Tensor& parameters, const at::Tensor& pixels);

// [...] int64, drawn.
at::Tensor SamplePixels(const at::Tensor& parameters, const at::Generator& random);

}  // namespace rill::paper
