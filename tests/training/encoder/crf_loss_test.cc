// CTC-CRF against every path of a few frames, its gradient against differences, and what it
// teaches.
#include "model/training/encoder/crf_loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/training/encoder/encoder_module.h"

namespace rill::training {
namespace {

using at::Tensor;

constexpr int64_t kVocab = 4;

TokenNgram Ngram(int32_t before = 0, int order = 3) {
  return TokenNgram::Build({{1, 2, 1, 1, 3, 2, 1, 2}, {3, 3, 1, 2, 1}, {2, 2, 1, 2}}, kVocab,
                           before, {.order = order, .scale = 0.8, .token_bonus = 0.5})
      .value();
}

std::vector<int32_t> TextOf(const std::vector<int32_t>& path) {
  std::vector<int32_t> text;
  int32_t before = 0;
  for (const int32_t token : path) {
    if (token != 0 && token != before) text.push_back(token);
    before = token;
  }
  return text;
}

// Over all paths: the sum of their weights, and how much of it goes through each token at each
// frame.
double BruteForce(const TokenNgram& ngram, const Tensor& p, std::vector<double>* occupation) {
  const int64_t frames = p.size(0);
  occupation->assign(frames * kVocab, 0);
  double sum = 0;
  for (int64_t number = 0; number < std::pow(kVocab, frames); ++number) {
    std::vector<int32_t> path;
    double weight = 1;
    for (int64_t t = 0, rest = number; t < frames; ++t, rest /= kVocab) {
      path.push_back(static_cast<int32_t>(rest % kVocab));
      weight *= p[t][path.back()].item<double>();
    }
    weight *= std::exp(ngram.LogWeight(TextOf(path)));
    sum += weight;
    for (int64_t t = 0; t < frames; ++t) (*occupation)[t * kVocab + path[t]] += weight;
  }
  for (double& o : *occupation) o /= sum;
  return std::log(sum);
}

TEST(LogNormalizerTest, IsTheSumOverAllPaths) {
  at::manual_seed(3);
  for (const auto& [before, order] :
       std::vector<std::pair<int32_t, int>>{{0, 1}, {1, 1}, {0, 2}, {0, 3}, {1, 3}}) {
    const TokenNgram ngram = Ngram(before, order);
    for (const int64_t frames : {1, 2, 5}) {
      const Tensor p = at::softmax(at::randn({frames, kVocab}), -1).contiguous();
      std::vector<double> expected;
      const double log_sum = BruteForce(ngram, p, &expected);
      std::vector<float> occupation(frames * kVocab, -1.0f);
      EXPECT_NEAR(LogNormalizer(ngram, p.const_data_ptr<float>(), frames, 0, occupation.data()),
                  log_sum, 1e-5);
      for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(occupation[i], expected[i], 1e-5);
    }
  }
}

TEST(LogNormalizerTest, WhatIsLeftOutHardlyCounts) {
  at::manual_seed(4);
  const TokenNgram ngram = Ngram();
  const int64_t frames = 200;
  const Tensor p = at::softmax(4 * at::randn({frames, kVocab}), -1).contiguous();
  std::vector<float> all(frames * kVocab), most(frames * kVocab);
  const double exact = LogNormalizer(ngram, p.const_data_ptr<float>(), frames, 0, all.data());
  const double pruned = LogNormalizer(ngram, p.const_data_ptr<float>(), frames, 1e-4, most.data());
  EXPECT_LT(pruned, exact);
  EXPECT_NEAR(pruned, exact, 0.05);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(most[i], all[i], 0.02);
  for (int64_t t = 0; t < frames; ++t) {
    double sum = 0;
    for (int64_t k = 0; k < kVocab; ++k) sum += most[t * kVocab + k];
    EXPECT_NEAR(sum, 1, 1e-4);
  }
}

// With CTC's own loss: -log of the text's part among all texts.
TEST(CrfLossTest, WithCtcItIsAProbabilityOfTexts) {
  at::manual_seed(5);
  const TokenNgram ngram = Ngram();
  const Tensor logits = at::randn({1, 4, kVocab});
  double sum = 0;
  for (int32_t number = 0; number < 256; ++number) {
    std::vector<int32_t> text;
    for (int32_t rest = number; rest > 0; rest /= 4) text.push_back(rest % 4);
    if (std::find(text.begin(), text.end(), 0) != text.end()) continue;  // no text of 1, 2 and 3
    const std::vector<PackedClip> clips = {{0, 0, 4, text, 1.0f}};
    int64_t skipped = 0;
    const double ctc = CtcLossSum(logits, clips, &skipped).item<double>();
    if (skipped == 0) sum += std::exp(-ctc - CrfLossSum(logits, clips, ngram).item<double>());
  }
  EXPECT_NEAR(sum, 1, 1e-4);
}

TEST(CrfLossTest, TheGradientIsThatOfTheLoss) {
  at::manual_seed(6);
  const TokenNgram ngram = Ngram(1);
  // Clips of different weights in a row, one without text, and frames of no clip; one that fits
  // nowhere and one of no weight.
  const std::vector<PackedClip> clips = {{0, 1, 4, {1, 2}, 1.0f},
                                         {0, 6, 3, {3, 3}, 0.5f},
                                         {0, 9, 2, {}, 1.0f},
                                         {1, 0, 2, {1, 1}, 1.0f},
                                         {1, 4, 3, {2}, 0.0f}};
  const Tensor logits = at::randn({2, 12, kVocab}).requires_grad_(true);
  CrfLossSum(logits, clips, ngram).backward();
  const at::NoGradGuard no_grad;
  EXPECT_EQ(logits.grad()[1].abs().max().item<float>(), 0);
  EXPECT_EQ(logits.grad()[0][5].abs().max().item<float>(), 0);
  for (const int64_t t : {1, 4, 6, 10}) {
    for (int64_t k = 0; k < kVocab; ++k) {
      const auto moved = [&](double by) {
        Tensor x = logits.detach().clone();
        x[0][t][k] += by;
        return CrfLossSum(x, clips, ngram).item<double>();
      };
      EXPECT_NEAR(logits.grad()[0][t][k].item<double>(), (moved(0.02) - moved(-0.02)) / 0.04, 2e-3);
    }
  }
}

// What the n-gram knows need not be heard: a frame is pushed less towards what it expects than
// towards what surprises it, where CTC alone pushes as much to either.
TEST(CrfLossTest, WhatTheTextsSayIsNotLearntAgain) {
  const TokenNgram ngram =
      TokenNgram::Build({{1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 3}}, kVocab, 0, {.order = 2}).value();
  const auto push = [&](int32_t second) {
    Tensor logits = at::zeros({1, 2, kVocab});
    logits[0][0][1] = 10;
    logits.requires_grad_(true);
    const std::vector<PackedClip> clips = {{0, 0, 2, {1, second}, 1.0f}};
    int64_t skipped = 0;
    (CtcLossSum(logits, clips, &skipped) + CrfLossSum(logits, clips, ngram)).backward();
    return -logits.grad()[0][1][second].item<double>();
  };
  EXPECT_LT(push(2), push(3) - 0.15);
}

}  // namespace
}  // namespace rill::training
