#include "model/paper/speech/speech_batch.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "model/paper/speech/bi_lstm.h"

namespace rill::paper {
namespace {

using at::Tensor;

// Two rows of 6 encoder frames with 3 mel bins; feature t of row r has the value 100 r + t.
training::Batch Packed() {
  training::Batch batch;
  batch.rows = 2;
  batch.frames = 6;
  batch.mel_bins = 3;
  for (int r = 0; r < 2; ++r) {
    for (int t = 0; t < 24; ++t) {
      for (int m = 0; m < 3; ++m) batch.features.push_back(static_cast<float>(100 * r + t));
    }
  }
  batch.clips = {{0, 0, 2, {1}, 0.5f}, {0, 2, 3, {2, 3}, 1}, {1, 0, 4, {4}, 1}};
  batch.characters = 4;
  return batch;
}

TEST(SpeechBatchTest, UnpacksClipsLongestFirst) {
  for (const int64_t stack : {1, 2, 4}) {
    const SpeechBatch batch = UnpackClips(Packed(), stack);
    const int64_t per = 4 / stack;
    ASSERT_EQ(batch.frames.sizes(), at::IntArrayRef({3, 4 * per, 3 * stack}));
    EXPECT_EQ(batch.source, (std::vector<int64_t>{2, 1, 0}));
    EXPECT_TRUE(batch.lengths.equal(at::tensor({4 * per, 3 * per, 2 * per}, at::kLong)));
    EXPECT_EQ(batch.frames[0][0][0].item<float>(), 100);
    EXPECT_EQ(batch.frames[1][0][0].item<float>(), 8);
    EXPECT_EQ(batch.frames[1][3 * per - 1][3 * stack - 1].item<float>(), 19);
    EXPECT_EQ(batch.frames[1].narrow(0, 3 * per, per).abs().max().item<float>(), 0);
    EXPECT_EQ(batch.clips[1].labels, (std::vector<int32_t>{2, 3}));
    EXPECT_EQ(batch.clips[1].row, 1);
    EXPECT_EQ(batch.clips[1].first_frame, 0);
    EXPECT_EQ(batch.clips[1].frames, 3 * per);
    EXPECT_EQ(batch.clips[2].weight, 1);
  }
}

TEST(BiLstmTest, SeesBothWaysAndNoPadding) {
  const BiLstm network({.features = 5, .layers = 2, .width = 6, .outputs = 4});
  const at::NoGradGuard no_grad;
  at::manual_seed(2);
  const Tensor frames = at::randn({2, 9, 5});
  const Tensor lengths = at::tensor({9, 6}, at::kLong);
  const Tensor out = network.Forward(frames, lengths, 0);
  ASSERT_EQ(out.sizes(), at::IntArrayRef({2, 9, 4}));
  Tensor changed = frames.clone();
  changed[1].narrow(0, 6, 3).normal_();  // padding
  EXPECT_TRUE(
      network.Forward(changed, lengths, 0)[1].narrow(0, 0, 6).allclose(out[1].narrow(0, 0, 6)));
  changed[1][5].fill_(1);
  const Tensor other = network.Forward(changed, lengths, 0);
  EXPECT_GT((other - out)[1][0].abs().max().item<double>(), 1e-6);
  EXPECT_TRUE(other[0].allclose(out[0]));
}

TEST(BiLstmTest, EveryParameterHasAGradient) {
  const BiLstm network({.features = 5, .layers = 2, .width = 6, .outputs = 4});
  at::manual_seed(2);
  network.Forward(at::randn({2, 9, 5}), at::tensor({9, 6}, at::kLong), 0).square().sum().backward();
  for (const Parameter& p : network.parameters().all()) {
    ASSERT_TRUE(p.tensor.grad().defined()) << p.name;
    EXPECT_GT(p.tensor.grad().abs().max().item<double>(), 0) << p.name;
  }
}

}  // namespace
}  // namespace rill::paper
