// Draws images pixel by pixel: a start symbol goes in, then each pixel drawn. With an attention
// that has a memory a pixel costs a step; without, the whole prefix is computed again.
//
// Thread rule: one thread at a time.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "model/paper/network/transformer.h"

namespace rill::paper {

constexpr int64_t kPixelLevels = 256;
constexpr int64_t kStartSymbol = kPixelLevels;
constexpr int64_t kPixelVocabulary = kPixelLevels + 1;
constexpr int64_t kMixtures = 10;

class ImageGenerator {
 public:
  // `network`: of kPixelVocabulary ids and 3 * kMixtures outputs; outlives it.
  ImageGenerator(const Transformer& network, int64_t batch, uint64_t seed);

  // The next pixels [batch] after those so far.
  at::Tensor Draw();
  // Takes a pixel as it is: the start of an image to be completed.
  void Give(const at::Tensor& pixels);
  // As if so many pixels had been drawn, all black: for timing a late one.
  void Skip(int64_t pixels);

  // Of what one sequence carries, once `pixels` are drawn.
  int64_t StateBytes(int64_t pixels) const;

 private:
  at::Tensor NextParameters();

  const Transformer& network_;
  at::Generator random_;
  std::unique_ptr<DecodingState> state_;  // null: none
  at::Tensor inputs_;                     // [batch, positions]: the start symbol, the pixels so far
  int64_t length_ = 1;
};

}  // namespace rill::paper
