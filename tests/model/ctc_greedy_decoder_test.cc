#include "model/decoder/ctc_greedy_decoder.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rill {
namespace {

constexpr int64_t kFrame = 640;

class CtcGreedyDecoderTest : public ::testing::Test {
 protected:
  // One character a frame: '_' is the blank. The token named gets probability `prob`, the others
  // share the rest.
  void Say(const std::string& frames, double prob = 0.9) {
    for (const char c : frames) {
      const std::string token = c == '_' ? "<blank>" : std::string(1, c);
      SayToken(token, prob);
    }
  }

  void SayToken(const std::string& token, double prob = 0.9) {
    std::vector<float> log_probs;
    for (const std::string& other : tokens_) {
      const double share = (1 - prob) / static_cast<double>(tokens_.size() - 1);
      log_probs.push_back(static_cast<float>(std::log(other == token ? prob : share)));
    }
    const int64_t start = decoder_.time();
    decoder_.Accept(log_probs, start, start + kFrame);
  }

  std::string Text() const { return decoder_.Current().text; }

  const std::vector<std::string> tokens_ = {"<blank>", " ", "a", "b", "c", " the", "x y"};
  CtcGreedyDecoder decoder_{&tokens_};
};

TEST_F(CtcGreedyDecoderTest, RepeatsMergeAndBlanksSplit) {
  Say("__aa_ab__b _c");
  EXPECT_EQ(Text(), "aabb c");
}

TEST_F(CtcGreedyDecoderTest, NothingHeardIsNoWord) {
  EXPECT_FALSE(decoder_.has_words());
  Say("__  _ __");
  EXPECT_FALSE(decoder_.has_words());
  const Hypothesis hypothesis = decoder_.Current();
  EXPECT_EQ(hypothesis.text, "");
  EXPECT_TRUE(hypothesis.words.empty());
  EXPECT_EQ(hypothesis.confidence, 0);
  EXPECT_EQ(decoder_.last_letter_end(), 0);
}

TEST_F(CtcGreedyDecoderTest, WordTimesAreTheirLettersFrames) {
  Say("_ab__ _ca__a_");
  const std::vector<Word> words = decoder_.Current().words;
  ASSERT_EQ(words.size(), 2u);
  EXPECT_EQ(words[0].start, 1 * kFrame);
  EXPECT_EQ(words[0].end, 3 * kFrame);
  EXPECT_EQ(words[1].start, 7 * kFrame);
  EXPECT_EQ(words[1].end, 12 * kFrame);
  EXPECT_EQ(decoder_.first_word_start(), kFrame);
  EXPECT_EQ(decoder_.last_letter_end(), 12 * kFrame);
  EXPECT_EQ(decoder_.time(), 13 * kFrame);
}

TEST_F(CtcGreedyDecoderTest, SpacesInsideTokensCutWords) {
  SayToken("a");
  SayToken(" the");
  SayToken(" the");
  SayToken("b");
  SayToken("x y");
  EXPECT_EQ(Text(), "a thebx y");
  SayToken("a");
  SayToken(" ");
  SayToken(" the");
  EXPECT_EQ(Text(), "a thebx ya the");
}

TEST_F(CtcGreedyDecoderTest, ConfidenceIsTheGeometricMeanOfEachLettersBestFrame) {
  Say("a", 0.5);
  Say("a", 0.8);
  Say("a", 0.6);
  Say("b", 0.9);
  Say(" ");
  Say("c", 0.7);
  const Hypothesis hypothesis = decoder_.Current();
  ASSERT_EQ(hypothesis.words.size(), 2u);
  EXPECT_NEAR(hypothesis.words[0].confidence, std::sqrt(0.8 * 0.9), 1e-5);
  EXPECT_NEAR(hypothesis.words[1].confidence, 0.7, 1e-5);
  EXPECT_NEAR(hypothesis.confidence, std::cbrt(0.8 * 0.9 * 0.7), 1e-5);
}

TEST_F(CtcGreedyDecoderTest, TakeBeginsAnewAndTimeGoesOn) {
  Say("ab");
  EXPECT_EQ(decoder_.Take().text, "ab");
  EXPECT_FALSE(decoder_.has_words());
  Say("bb_");  // the b goes on: it has been taken already
  EXPECT_FALSE(decoder_.has_words());
  Say("bc");
  const Hypothesis second = decoder_.Take();
  EXPECT_EQ(second.text, "bc");
  EXPECT_EQ(second.words[0].start, 5 * kFrame);
  EXPECT_EQ(decoder_.time(), 7 * kFrame);
}

TEST_F(CtcGreedyDecoderTest, TakeClosedLeavesTheOpenWord) {
  Say("a b c");
  EXPECT_EQ(decoder_.TakeClosed().text, "a b");
  Say("cab");
  EXPECT_EQ(Text(), "cab");
  EXPECT_EQ(decoder_.first_word_start(), 4 * kFrame);
  EXPECT_EQ(decoder_.TakeClosed().text, "cab");  // the only one
  Say(" a ");
  Say("b ");
  EXPECT_EQ(decoder_.TakeClosed().text, "a b");  // all closed
  EXPECT_FALSE(decoder_.has_words());
}

TEST_F(CtcGreedyDecoderTest, EvidenceIsOfEachLettersBestFrame) {
  Say("a", 0.5);
  Say("a", 0.8);
  Say("b", 0.6);
  Say("b", 0.7);
  const Word word = decoder_.Current().words[0];
  EXPECT_NEAR(word.evidence.least_log_prob, std::log(0.7), 1e-6);
  EXPECT_NEAR(word.evidence.mean_log_prob, (std::log(0.7) + std::log(0.8)) / 2, 1e-6);
}

TEST_F(CtcGreedyDecoderTest, OnlyTheOpenWordIsNotSettled) {
  Say("ab a");
  EXPECT_EQ(decoder_.Current().words[0].agreement, 1);
  EXPECT_LT(decoder_.Current().words[1].agreement, 1);
  Say(" ");
  EXPECT_EQ(decoder_.Current().words[1].agreement, 1);
}

TEST_F(CtcGreedyDecoderTest, ChangesTellsOfEveryChange) {
  int64_t heard = decoder_.changes();
  std::string text;
  for (const char c : std::string("__aa_b b__c_")) {
    Say(std::string(1, c));
    EXPECT_EQ(decoder_.changes() != heard, Text() != text);
    heard = decoder_.changes();
    text = Text();
  }
}

TEST_F(CtcGreedyDecoderTest, NotANumberIsBlank) {
  const std::vector<float> nothing(tokens_.size(), NAN);
  decoder_.Accept(nothing, 0, kFrame);
  EXPECT_FALSE(decoder_.has_words());
  std::vector<float> some(tokens_.size(), NAN);
  some[0] = -3;
  some[2] = -1;
  decoder_.Accept(some, kFrame, 2 * kFrame);
  EXPECT_EQ(Text(), "a");
}

}  // namespace
}  // namespace rill
