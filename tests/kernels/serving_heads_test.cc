// The serving kernels around attention against their training twins, and the front and the
// log-softmax against plain loops.
#include "kernels/cpu/serving_heads.h"

#include <gtest/gtest.h>

#include "kernels/cpu/front_conv.h"
#include "kernels/cpu/log_softmax.h"
#include "tests/kernels/kernel_testing.h"

namespace rill::kernels {
namespace {

constexpr int64_t kFrames = 11, kHeads = 3, kInner = kHeads * kHeadDim, kStride = 4 * kInner;

// [frames, heads, n] to [heads, frames, n].
std::vector<float> HeadMajor(const float* from, int64_t stride, int64_t n) {
  std::vector<float> to(kHeads * kFrames * n);
  for (int64_t t = 0; t < kFrames; ++t) {
    for (int64_t h = 0; h < kHeads; ++h) {
      std::copy_n(from + t * stride + h * n, n, to.data() + (h * kFrames + t) * n);
    }
  }
  return to;
}

TEST(ServingHeadsTest, MapsAsSplitHeadsDoes) {
  std::mt19937 random(1);
  const auto qkvg = RandomArray<float>(kFrames * kStride, random);
  const auto q_scale = RandomArray<float>(kInner, random),
             k_scale = RandomArray<float>(kInner, random);
  for (const bool normed : {true, false}) {
    std::vector<float> q(kFrames * kInner), k(q), v(q), inv_rms(2 * kFrames * kHeads);
    SplitHeadsForward<float>({1, kHeads, kFrames}, qkvg.data(), normed ? q_scale.data() : nullptr,
                             normed ? k_scale.data() : nullptr, q.data(), k.data(), v.data(),
                             normed ? inv_rms.data() : nullptr);
    std::vector<float> mapped = qkvg;
    MapHeadsInPlace(kFrames, kHeads, kStride, normed ? q_scale.data() : nullptr,
                    normed ? k_scale.data() : nullptr, mapped.data());
    ExpectNear(HeadMajor(mapped.data(), kStride, kHeadDim), ToDoubles(q));
    ExpectNear(HeadMajor(mapped.data() + kInner, kStride, kHeadDim), ToDoubles(k));
    EXPECT_EQ(HeadMajor(mapped.data() + 2 * kInner, kStride, kHeadDim), v);
  }
}

TEST(ServingHeadsTest, MergesAsMergeHeadsDoes) {
  std::mt19937 random(2);
  const auto qkvg = RandomArray<float>(kFrames * kStride, random);
  const auto num = RandomArray<float>(kFrames * kInner, random);
  auto den = RandomArray<float>(kFrames * kHeads, random);
  for (float& value : den) value = 0.5f + std::abs(value);
  const auto weight = RandomArray<float>(kInner, random);
  std::vector<float> expected(kFrames * kInner), inv_rms(kFrames);
  MergeHeadsForward<float>({1, kHeads, kFrames}, HeadMajor(num.data(), kInner, kHeadDim).data(),
                           HeadMajor(den.data(), kHeads, 1).data(), qkvg.data(), weight.data(),
                           expected.data(), inv_rms.data());
  std::vector<float> merged = num;  // in place
  MergeHeadsStep(kFrames, kHeads, merged.data(), den.data(), qkvg.data() + 3 * kInner, kStride,
                 weight.data(), merged.data());
  ExpectNear(merged, ToDoubles(expected));
}

TEST(ServingHeadsTest, WithoutWeightMergingIsDivision) {
  std::mt19937 random(3);
  const auto num = RandomArray<float>(kFrames * kInner, random);
  const std::vector<float> den(kFrames * kHeads, 2.0f);
  std::vector<float> merged(kFrames * kInner);
  MergeHeadsStep(kFrames, kHeads, num.data(), den.data(), nullptr, 0, nullptr, merged.data());
  for (size_t i = 0; i < num.size(); ++i) EXPECT_NEAR(merged[i], num[i] / 2, 1e-5);
}

TEST(ServingHeadsTest, LogDecayIsLogSigmoidAtAnySize) {
  constexpr int64_t kWidth = 21;
  std::vector<float> y(2 * kWidth, 0.0f), weight(kHeads * kWidth, 0.0f);
  for (int64_t c = 0; c < kWidth; ++c) {
    y[kWidth + c] = 1.0f;
    weight[kWidth + c] = 100.0f / kWidth;       // head 1: +100 in frame 1
    weight[2 * kWidth + c] = -100.0f / kWidth;  // head 2: -100
  }
  const std::vector<float> bias = {0.5f, 0.5f, 0.5f};
  std::vector<float> log_decay(2 * kHeads);
  LogDecay(2, kHeads, kWidth, y.data(), weight.data(), bias.data(), 0.25f, log_decay.data());
  const double half = -std::log1p(std::exp(-0.5)) - 0.25;
  ExpectNear(log_decay, {half, half, half, half, -0.25, -99.5 - 0.25});
}

TEST(FrontConvTest, AgreesWithPlainLoops) {
  std::mt19937 random(4);
  for (const int64_t bins : {8, 9, 10, 11}) {
    constexpr int64_t kOut = 3, kChannels = 21;
    const int64_t in_row = PaddedBins(bins), out_bins = ConvBins(bins);
    const auto features = RandomArray<float>((2 * kOut + 1) * bins, random);
    const auto mean = RandomArray<float>(bins, random), inv_std = RandomArray<float>(bins, random);
    const auto weight = RandomArray<float>(9 * kChannels, random);
    const auto bias = RandomArray<float>(kChannels, random);
    std::vector<float> x((2 * kOut + 1) * in_row, NAN);
    std::vector<float> y(kOut * PaddedBins(out_bins) * kChannels, NAN);
    NormalizeFeatures(2 * kOut + 1, bins, features.data(), mean.data(), inv_std.data(), x.data());
    FrontConv(kOut, bins, kChannels, x.data(), weight.data(), bias.data(), y.data());

    std::vector<float> actual;
    Doubles expected;
    for (int64_t s = 0; s < kOut; ++s) {
      for (int64_t p = 0; p < PaddedBins(out_bins); ++p) {
        for (int64_t c = 0; c < kChannels; ++c) {
          actual.push_back(y[(s * PaddedBins(out_bins) + p) * kChannels + c]);
          double sum = bias[c];
          for (int64_t tap = 0; tap < 9; ++tap) {
            const int64_t t = 2 * s + tap / 3, m = 2 * (p - 1) + tap % 3 - 1;
            if (m < 0 || m >= bins) continue;
            sum += weight[tap * kChannels + c] *
                   ((double{features[t * bins + m]} - mean[m]) * inv_std[m]);
          }
          expected.push_back(p == 0 || p > out_bins ? 0.0 : std::max(sum, 0.0));
        }
      }
    }
    ExpectNear(actual, expected, /*floor=*/1.0);
  }
}

TEST(FrontConvTest, FeaturesAreBounded) {
  const std::vector<float> features = {1e38f, -1e38f, INFINITY, -INFINITY, NAN, 1.0f};
  const std::vector<float> mean(6, 0.0f), inv_std(6, 10.0f);
  std::vector<float> y(PaddedBins(6));
  NormalizeFeatures(1, 6, features.data(), mean.data(), inv_std.data(), y.data());
  EXPECT_EQ(y, (std::vector<float>{0, kMaxDeviation, -kMaxDeviation, kMaxDeviation, -kMaxDeviation,
                                   kMaxDeviation, 10}));
}

TEST(LogSoftmaxTest, SumsToOneAtAnyWidthAndSize) {
  std::mt19937 random(5);
  for (const int64_t width : {2, 7, 16, 29, 32, 100}) {
    for (const float offset : {0.0f, 1000.0f, -1000.0f}) {
      auto x = RandomArray<float>(3 * width, random, 4.0);
      for (float& value : x) value += offset;
      std::vector<float> y(3 * width);
      LogSoftmax(3, width, width, x.data(), y.data());
      for (int64_t r = 0; r < 3; ++r) {
        double sum = 0;
        for (int64_t i = 0; i < width; ++i) sum += std::exp(double{y[r * width + i]});
        EXPECT_NEAR(sum, 1.0, 2e-4);  // a float near 1000 is worth no more
        EXPECT_NEAR(y[r * width] - y[r * width + 1], x[r * width] - x[r * width + 1], 2e-4);
      }
    }
  }
}

TEST(LogSoftmaxTest, PartsOfRowsAreEachOnTheirOwn) {
  std::mt19937 random(6);
  const auto x = RandomArray<float>(3 * 33, random, 4.0);
  std::vector<float> y = x, left(3 * 29), right(3 * 4);
  LogSoftmax(3, 29, 33, y.data(), y.data());
  LogSoftmax(3, 4, 33, y.data() + 29, y.data() + 29);
  for (int64_t r = 0; r < 3; ++r) {
    std::copy_n(x.data() + 33 * r, 29, left.data() + 29 * r);
    std::copy_n(x.data() + 33 * r + 29, 4, right.data() + 4 * r);
  }
  LogSoftmax(3, 29, 29, left.data(), left.data());
  LogSoftmax(3, 4, 4, right.data(), right.data());
  for (int64_t r = 0; r < 3; ++r) {
    EXPECT_TRUE(std::equal(left.data() + 29 * r, left.data() + 29 * (r + 1), y.data() + 33 * r));
    EXPECT_TRUE(
        std::equal(right.data() + 4 * r, right.data() + 4 * (r + 1), y.data() + 33 * r + 29));
  }
}

}  // namespace
}  // namespace rill::kernels
