#include "model/decoder/greedy_spelling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rill {
namespace {

constexpr int64_t kFrame = 640;  // samples: 40 ms

class GreedySpellingTest : public ::testing::Test {
 protected:
  // One character a frame; '_' is the blank.
  void Say(const std::string& frames, GreedySpelling* spelling) {
    for (const char c : frames) {
      std::vector<float> log_probs(tokens_.size(), -5.0f);
      log_probs[c == '_' ? 0 : c == ' ' ? 1 : 2 + c - 'a'] = -0.1f;
      spelling->Accept(log_probs, time_);
      time_ += kFrame;
    }
  }

  // Words of these frames: first, end.
  struct At {
    std::string text;
    int64_t first, end;
  };
  std::vector<float> Judged(const GreedySpelling& spelling, const std::vector<At>& words) {
    Hypothesis hypothesis;
    for (const At& at : words) {
      Word& word = hypothesis.words.emplace_back();
      word.evidence.letters = at.text;
      word.start = at.first * kFrame;
      word.end = at.end * kFrame;
    }
    spelling.Judge(time_, &hypothesis);
    std::vector<float> judged;
    for (const Word& word : hypothesis.words) judged.push_back(word.evidence.misspelling);
    return judged;
  }

  using Floats = std::vector<float>;
  const std::vector<std::string> tokens_ = {"<blank>", " ", "a", "b", "c"};
  GreedySpelling spelling_{&tokens_};
  int64_t time_ = 0;
};

TEST_F(GreedySpellingTest, AWordSpelledLikeItIsNotMisspelled) {
  Say("__aab_b cc__", &spelling_);
  EXPECT_EQ(Judged(spelling_, {{"abb", 2, 7}, {"c", 8, 10}}), Floats({0, 0}));
}

TEST_F(GreedySpellingTest, CountsLettersThatDifferByThoseOfTheWord) {
  Say("__a_b_c__", &spelling_);
  EXPECT_EQ(Judged(spelling_, {{"abcc", 2, 7}}), Floats({0.25f}));
  EXPECT_EQ(Judged(spelling_, {{"cc", 2, 7}}), Floats({1}));
  EXPECT_EQ(Judged(spelling_, {{"a", 2, 3}}), Floats({2}));  // "bc" is heard in vain
  EXPECT_EQ(Judged(spelling_, {{"a", 2, 3}, {"cb", 4, 7}}), Floats({0, 1}));
}

TEST_F(GreedySpellingTest, LettersBetweenWordsAreOfBoth) {
  Say("a_bb_c", &spelling_);
  EXPECT_EQ(Judged(spelling_, {{"a", 0, 1}, {"c", 5, 6}}), Floats({1, 1}));
}

// Phones are compared with the bytes that stand for a word's, whatever it is spelled like.
TEST_F(GreedySpellingTest, PhonesAreBytesHoweverLongTheirNames) {
  const std::vector<std::string> phones = {"<blank>", " ", "AH", "T", "UW"};
  GreedySpelling spelling(&phones, /*phones=*/true);
  Say("_b_cc_ab", &spelling);
  EXPECT_EQ(Judged(spelling, {{"\3\4", 1, 5}, {"\2\3", 6, 8}}), Floats({0, 0}));
  EXPECT_EQ(Judged(spelling, {{"\3\4\2\2", 1, 8}}), Floats({0.25f}));
}

TEST_F(GreedySpellingTest, ALongWayOffIsTwo) {
  for (int i = 0; i < 50; ++i) Say("ab", &spelling_);
  EXPECT_EQ(Judged(spelling_, {{"ccc", 0, 100}}), Floats({2}));
  EXPECT_EQ(Judged(spelling_, {{"", 0, 100}}), Floats({0}));
}

TEST_F(GreedySpellingTest, NothingIsALetterThatIsNoNumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  spelling_.Accept(Floats({nan, -1, -1, -1, -1}), 0);
  spelling_.Accept(Floats({nan, nan, nan, nan, nan}), kFrame);
  spelling_.Accept(Floats({-1, nan, nan, -2, nan}), 2 * kFrame);
  EXPECT_EQ(spelling_.letters(), 0u);
}

TEST_F(GreedySpellingTest, ForgetsWhatIsOver) {
  Say("a_b_c", &spelling_);
  spelling_.Forget(2 * kFrame);
  EXPECT_EQ(spelling_.letters(), 2u);
  EXPECT_EQ(Judged(spelling_, {{"bc", 0, 5}}), Floats({0}));
  spelling_.Forget(time_);
  EXPECT_EQ(spelling_.letters(), 0u);
}

TEST_F(GreedySpellingTest, KeepsNoMoreThanItMay) {
  for (size_t i = 0; i < GreedySpelling::kMostLetters; ++i) Say("ab", &spelling_);
  EXPECT_EQ(spelling_.letters(), GreedySpelling::kMostLetters);
}

TEST_F(GreedySpellingTest, GoesOnWhereItWasSaved) {
  Say("ab", &spelling_);
  StateWriter writer;
  spelling_.Save(writer);
  const std::string state = writer.Take();
  StateReader reader(state);
  GreedySpelling other(&tokens_);
  other.Load(reader);
  reader.RequireEnd();
  ASSERT_TRUE(reader.ok()) << reader.status();
  Say("b_b", &other);  // the first one is the same letter said on
  EXPECT_EQ(Judged(other, {{"abb", 0, 5}}), Floats({0}));
}

TEST_F(GreedySpellingTest, RefusesStatesThatCannotBe) {
  const auto load = [this](const auto& write) {
    StateWriter writer;
    write(writer);
    const std::string state = writer.Take();
    StateReader reader(state);
    GreedySpelling(&tokens_).Load(reader);
    return std::string(reader.status().message());
  };
  const auto letters = [](StateWriter& writer, std::vector<std::pair<int64_t, int32_t>> all) {
    writer.Write<uint64_t>(all.size());
    for (const auto& [start, token] : all) {
      writer.Write(start);
      writer.Write(token);
    }
    writer.Write<int32_t>(0);
  };
  EXPECT_EQ(load([&](StateWriter& w) { letters(w, {{0, 2}, {640, 4}}); }), "");
  EXPECT_NE(load([&](StateWriter& w) { letters(w, {{0, 5}}); }), "");
  EXPECT_NE(load([&](StateWriter& w) { letters(w, {{0, 0}}); }), "");
  EXPECT_NE(load([&](StateWriter& w) { letters(w, {{640, 2}, {0, 2}}); }), "");
  EXPECT_NE(load([&](StateWriter& w) { w.Write<uint64_t>(GreedySpelling::kMostLetters + 1); }), "");
}

}  // namespace
}  // namespace rill
