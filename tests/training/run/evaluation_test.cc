#include "model/training/run/evaluation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>

namespace rill::training {
namespace {

// Logits whose best tokens are `path`.
std::vector<float> Logits(const std::vector<int>& path, int vocab) {
  std::vector<float> logits(path.size() * vocab, -1.0f);
  for (size_t t = 0; t < path.size(); ++t) logits[t * vocab + path[t]] = 1.0f;
  return logits;
}

std::string Text(const std::vector<int>& path) {
  const std::vector<std::string> tokens = {"<blank>", " ", "a", "bc"};
  return GreedyText(Logits(path, 4).data(), static_cast<int64_t>(path.size()), 4, tokens);
}

TEST(GreedyTextTest, MergesRepeatsAndDropsBlanks) {
  EXPECT_EQ(Text({}), "");
  EXPECT_EQ(Text({0, 0}), "");
  EXPECT_EQ(Text({2, 2, 0, 2, 3, 3, 1, 0, 0, 2}), "aabc a");
  EXPECT_EQ(Text({0, 2, 0, 0, 2}), "aa");
  EXPECT_EQ(Text({2, 3, 2}), "abca");
}

// One clip, whose letters are "a" and whose phones are HH, a space, AH.
class SaidOnce : public Trainable {
 public:
  std::vector<Parameter>& parameters() override { return none_; }
  std::unique_ptr<Trainable> Replicate() const override { return nullptr; }
  BatchLoss Backward(const Batch&) override { return {}; }
  torch::Tensor Logits(const Batch& batch) override {
    at::Tensor logits = at::zeros({1, batch.frames, 3 + 4});
    const int letters[] = {0, 2, 2, 0}, phones[] = {3, 3, 1, 2};
    for (int t = 0; t < 4; ++t) {
      logits[0][t][letters[t]] = 9;
      logits[0][t][3 + phones[t]] = 99;  // more than any letter
    }
    return logits;
  }

 private:
  std::vector<Parameter> none_;
};

TEST(EvaluateBatchTest, LettersAndPhonesAreHeardApart) {
  ModelConfig config;
  config.tokens = {"<blank>", " ", "a"};
  config.phones = {"<blank>", " ", "AH", "HH"};
  EvaluationBatch batch;
  batch.batch.rows = 1;
  batch.batch.frames = 4;
  batch.batch.characters = 2;
  batch.batch.clips.push_back({0, 0, 4, {2}, 1.0f});
  batch.references = {"a"};
  SaidOnce model;
  Evaluation letters;
  EvaluateBatch(model, batch, config, letters);
  EXPECT_EQ(letters.errors.words.errors(), 0);
  EXPECT_LT(letters.loss, 0.1);
  EXPECT_EQ(letters.phones.reference, 0);

  Evaluation both;
  batch.batch.clips[0].phones = {3, 2, 1, 3, 1};  // HH AH, HH
  EvaluateBatch(model, batch, config, both);
  EXPECT_EQ(both.errors.words.errors(), 0);
  EXPECT_EQ(both.phones.reference, 3);
  EXPECT_EQ(both.phones.deletions, 1);
  EXPECT_EQ(both.phones.errors(), 1);
}

TEST(MeanCharacterErrorRateTest, WeighsCorporaAlike) {
  EvaluationTable table;
  table["a"].errors.Add("ab", "ab");
  table["b"].errors.Add("abcd", "ab");
  EXPECT_DOUBLE_EQ(MeanCharacterErrorRate(table), 25);
}

}  // namespace
}  // namespace rill::training
