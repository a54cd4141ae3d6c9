// Minimum word error rate training against every text that a few frames may be, its gradient
// against differences, and what it teaches.
#include "model/training/encoder/mwer_loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/language_model/language_model_builder.h"
#include "model/training/data/error_rate.h"
#include "tests/model/exhaustive_ctc.h"
#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill::training {
namespace {

using at::Tensor;

const std::vector<std::string> kTokens = {"<blank>", " ", "a", "b"};
constexpr int64_t kVocab = 4;

class MwerLossTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteText(folder_ / "lm.arpa", RandomArpa({"a", "b", "ab", "aba"}, 3, 1));
    ASSERT_TRUE(BuildLanguageModel(folder_ / "lm.arpa", folder_ / "lm.rlm", nullptr).ok());
    ASSERT_TRUE(naive_.Read(folder_ / "lm.arpa"));
    options_.beam = 128;
    options_.token_threshold = 100;
    options_.beam_threshold = 1000;
    options_.lm_weight = 0.7f;
    options_.word_bonus = 0.3f;
    options_.letter_bonus = 0.4f;
    options_.unknown_word_penalty = 2;
    options_.unknown_letter_penalty = 0.5f;
    search_ = NewSearch(100);
  }

  std::unique_ptr<TextSearch> NewSearch(int texts) {
    auto model = LanguageModel::Open(folder_ / "lm.rlm");
    EXPECT_TRUE(model.ok()) << model.status();
    auto search = TextSearch::Create(kTokens, *std::move(model), options_, texts);
    EXPECT_TRUE(search.ok()) << search.status();
    return *std::move(search);
  }

  double Loss(const Tensor& logits, const std::vector<PackedClip>& clips) const {
    double words = 0;
    return MwerLossSum(logits, clips, *search_, &words).item<double>();
  }

  // Over all paths: the word errors to be expected of the texts whose words one space parts.
  double BruteForce(const Tensor& logits, const std::string& reference) const {
    const Tensor p = at::softmax(logits, -1);
    std::map<std::string, double> probabilities;
    for (int64_t number = 0; number < std::pow(kVocab, p.size(0)); ++number) {
      double probability = 1;
      std::string text;
      int64_t before = 0;
      for (int64_t t = 0, rest = number; t < p.size(0); ++t, rest /= kVocab) {
        const int64_t token = rest % kVocab;
        probability *= p[t][token].item<double>();
        if (token != 0 && token != before) text += kTokens[token];
        before = token;
      }
      probabilities[text] += probability;
    }
    double sum = 0, errors = 0;
    for (const auto& [text, probability] : probabilities) {
      if ((" " + text + " ").find("  ") != std::string::npos && !text.empty()) continue;
      const double weight = probability * std::exp(TextScore(text, &naive_, options_, {}));
      sum += weight;
      errors += weight * static_cast<double>(WordErrors(reference, text).errors());
    }
    return errors / sum;
  }

  const TemporaryFolder folder_;
  NaiveLanguageModel naive_;
  BeamOptions options_;
  std::unique_ptr<TextSearch> search_;
};

TEST_F(MwerLossTest, IsWhatAllTextsLeadOneToExpect) {
  at::manual_seed(1);
  for (const int64_t frames : {1, 2, 4}) {
    const Tensor logits = 2 * at::randn({1, frames, kVocab});
    EXPECT_NEAR(Loss(logits, {{0, 0, frames, {2, 3, 1, 2}, 1.0f}}), BruteForce(logits[0], "ab a"),
                1e-4);
    EXPECT_NEAR(Loss(logits, {{0, 0, frames, {}, 1.0f}}), BruteForce(logits[0], ""), 1e-4);
  }
}

TEST_F(MwerLossTest, TheGradientIsThatOfTheLoss) {
  at::manual_seed(2);
  // Clips of different weights in a row, one without text, frames of no clip, one of no weight.
  const std::vector<PackedClip> clips = {{0, 1, 4, {2, 1, 3}, 1.0f},
                                         {0, 6, 3, {3, 3}, 0.5f},
                                         {0, 9, 2, {}, 1.0f},
                                         {1, 4, 3, {2}, 0.0f}};
  const Tensor logits = at::randn({2, 12, kVocab}).requires_grad_(true);
  double words = 0;
  MwerLossSum(logits, clips, *search_, &words).backward();
  EXPECT_DOUBLE_EQ(words, 2 + 0.5 * 1);
  const at::NoGradGuard no_grad;
  EXPECT_EQ(logits.grad()[1].abs().max().item<float>(), 0);
  EXPECT_EQ(logits.grad()[0][5].abs().max().item<float>(), 0);
  EXPECT_GT(logits.grad()[0].abs().max().item<float>(), 0.02f);
  for (const int64_t t : {1, 4, 6, 10}) {
    for (int64_t k = 0; k < kVocab; ++k) {
      const auto moved = [&](double by) {
        Tensor x = logits.detach().clone();
        x[0][t][k] += by;
        return Loss(x, clips);
      };
      EXPECT_NEAR(logits.grad()[0][t][k].item<double>(), (moved(0.02) - moved(-0.02)) / 0.04, 2e-3);
    }
  }
}

TEST_F(MwerLossTest, OneTextIsAsWrongAsItIs) {
  search_ = NewSearch(1);
  Tensor logits = at::zeros({1, 3, kVocab});
  for (const auto& [t, token] : std::vector<std::pair<int, int>>{{0, 2}, {1, 1}, {2, 3}}) {
    logits[0][t][token] = 20;
  }
  logits.requires_grad_(true);
  double words = 0;
  const Tensor loss = MwerLossSum(logits, {{0, 0, 3, {2, 1, 2}, 1.0f}}, *search_, &words);
  EXPECT_DOUBLE_EQ(loss.item<double>(), 1);
  loss.backward();
  EXPECT_EQ(logits.grad().abs().max().item<float>(), 0);
}

TEST_F(MwerLossTest, FindsTheDecodersTextsWithWhatItAddsToThem) {
  at::manual_seed(3);
  const int64_t frames = 4;
  const Tensor log_probs = at::log_softmax(at::randn({frames, kVocab}), -1).contiguous();
  const auto all = search_->Find(log_probs.const_data_ptr<float>(), frames);
  ASSERT_GT(all.size(), 20u);
  for (const TextSearch::Found& found : all) {
    EXPECT_EQ(search_->Spell(found.labels), found.text);
    EXPECT_NEAR(found.score, TextScore(found.text, &naive_, options_, {}), 1e-4) << found.text;
  }
  const auto best = NewSearch(3)->Find(log_probs.const_data_ptr<float>(), frames);
  ASSERT_EQ(best.size(), 3u);
  for (size_t i = 0; i < best.size(); ++i) EXPECT_EQ(best[i].text, all[i].text);
}

TEST_F(MwerLossTest, PiecesOfWordsAreNoTokensForIt) {
  auto model = LanguageModel::Open(folder_ / "lm.rlm");
  ASSERT_TRUE(model.ok()) << model.status();
  const auto search =
      TextSearch::Create({"<blank>", " ", "a", "ab"}, *std::move(model), options_, 8);
  EXPECT_EQ(search.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(search.status().message().find("pieces of words"), std::string::npos);
}

TEST_F(MwerLossTest, FramesThatAreNoNumbersGiveAnAnswer) {
  const Tensor log_probs = at::full({3, kVocab}, NAN);
  EXPECT_FALSE(search_->Find(log_probs.const_data_ptr<float>(), 3).empty());
}

}  // namespace
}  // namespace rill::training
