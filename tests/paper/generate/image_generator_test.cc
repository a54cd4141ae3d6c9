#include "model/paper/generate/image_generator.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "model/paper/generate/generation_speed.h"

namespace rill::paper {
namespace {

using at::Tensor;

std::unique_ptr<Transformer> Network(const std::string& attention) {
  TransformerConfig config;
  config.attention = attention;
  config.lsh = {.rounds = 1, .buckets = 4, .chunk = 8};
  config.layers = 2;
  config.heads = 2;
  config.width = 32;
  config.vocabulary = kPixelVocabulary;
  config.positions = 25;
  config.outputs = 3 * kMixtures;
  return *Transformer::Create(config);
}

Tensor DrawAll(const Transformer& network, uint64_t seed, int64_t given) {
  ImageGenerator generator(network, 2, seed);
  std::vector<Tensor> pixels;
  for (int64_t i = 0; i < 25; ++i) {
    if (i < given) {
      pixels.push_back(at::full({2}, 10 * i, at::kLong));
      generator.Give(pixels.back());
    } else {
      pixels.push_back(generator.Draw().clone());
    }
  }
  return at::stack(pixels, 1);
}

// The same weights and the same luck: with a cache and without, the same image.
TEST(ImageGeneratorTest, TheCacheChangesNoPixel) {
  for (const int64_t given : {0, 12}) {
    EXPECT_TRUE(DrawAll(*Network("softmax"), 4, given)
                    .equal(DrawAll(*Network("softmax-cached"), 4, given)));
  }
}

TEST(ImageGeneratorTest, PixelsAreInRangeAndDependOnTheSeed) {
  const auto network = Network("linear");
  const Tensor image = DrawAll(*network, 4, 0);
  EXPECT_GE(image.min().item<int64_t>(), 0);
  EXPECT_LE(image.max().item<int64_t>(), 255);
  EXPECT_TRUE(image.equal(DrawAll(*network, 4, 0)));
  EXPECT_FALSE(image.equal(DrawAll(*network, 5, 0)));
}

TEST(ImageGeneratorTest, EveryAttentionDrawsToTheEnd) {
  for (const char* attention : {"softmax", "softmax-cached", "lsh-2", "linear"}) {
    EXPECT_EQ(DrawAll(*Network(attention), 1, 3).size(1), 25) << attention;
  }
}

TEST(ImageGeneratorTest, LatePixelsCanBeTimedAlone) {
  for (const char* attention : {"softmax", "softmax-cached", "lsh-1", "linear"}) {
    const auto network = Network(attention);
    for (const int64_t skipped : {0, 10, 24}) {
      ImageGenerator generator(*network, 2, 1);
      generator.Skip(skipped);
      EXPECT_EQ(generator.Draw().size(0), 2) << attention;
    }
    for (const int64_t timed : {0, 2, 3, 9, 25, 40}) {
      EXPECT_GT(TimeOfImages(*network, 2, 25, timed).cpu, 0) << attention;
    }
  }
}

TEST(ImageGeneratorTest, StateOfTheRecurrentFormIsConstant) {
  const auto cached = Network("softmax-cached"), linear = Network("linear");
  const ImageGenerator cache(*cached, 1, 1), state(*linear, 1, 1);
  EXPECT_EQ(cache.StateBytes(20), 2 * cache.StateBytes(10));
  EXPECT_EQ(state.StateBytes(20), state.StateBytes(10));
}

}  // namespace
}  // namespace rill::paper
