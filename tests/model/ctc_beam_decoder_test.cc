#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "model/decoder/ctc_greedy_decoder.h"
#include "tests/model/ctc_beam_fixture.h"

namespace rill {
namespace {

// After "c" comes "ac", and "c" comes after "ab".
constexpr char kAfterC[] =
    "\\data\\\nngram 1=6\nngram 2=2\n\\1-grams:\n-3 <unk>\n-9 <s> 0\n-1 </s>\n-1 ab -1\n"
    "-1 ac -1\n-1 c 0\n\\2-grams:\n-0.1 ab c\n-0.1 c ac\n\\end\\\n";

TEST_F(CtcBeamDecoderTest, OfClearFramesItMakesTheWordsAndTimesOfTheGreedyDecoder) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  for (int round = 0; round < 50; ++round) {
    std::string said;
    const std::string letters = "_ abc__";
    while (said.size() < 60) {
      said.append(1 + random_() % 3, letters[random_() % letters.size()]);
    }
    const Frames frames = Clear(said, 0.999);
    Start({});
    CtcGreedyDecoder greedy(&tokens_);
    for (const std::vector<float>& frame : frames) {
      decoder_->Accept(frame, time_, time_ + kFrame);
      greedy.Accept(frame, time_, time_ + kFrame);
      time_ += kFrame;
      const Hypothesis a = decoder_->Current(), b = greedy.Current();
      ASSERT_EQ(a.text, b.text) << said;
      ASSERT_EQ(decoder_->has_words(), greedy.has_words());
      ASSERT_EQ(decoder_->first_word_start(), greedy.first_word_start()) << said;
      ASSERT_EQ(decoder_->last_letter_end(), greedy.last_letter_end()) << said;
      ASSERT_EQ(decoder_->changes(), greedy.changes()) << said;
      for (size_t i = 0; i < a.words.size(); ++i) {
        ASSERT_EQ(a.words[i].start, b.words[i].start) << said;
        ASSERT_EQ(a.words[i].end, b.words[i].end) << said;
        ASSERT_NEAR(a.words[i].confidence, b.words[i].confidence, 1e-5);
      }
      ASSERT_NEAR(a.confidence, b.confidence, 1e-5);
    }
  }
}

// For a moment the text that goes on is the better one of two that next to nothing speaks for.
TEST_F(CtcBeamDecoderTest, AWordBeginsWhereItIsSaidAndNotWhereItMightHaveBeen) {
  UseModel({"ab"}, 1, 1);
  BeamOptions options;
  options.lexicon = true;
  Start(options);
  Accept(
      {{std::log(0.98f), -20, std::log(0.02f), -20}, {std::log(0.4f), -20, -20, std::log(0.6f)}});
  Accept(Clear("__a_b_"));
  const Hypothesis taken = decoder_->Take();
  ASSERT_EQ(taken.text, "ab");
  EXPECT_EQ(taken.words[0].start, 4 * kFrame);
  EXPECT_EQ(taken.words[0].end, 7 * kFrame);
  EXPECT_NEAR(taken.words[0].evidence.least_log_prob, std::log(0.95), 1e-5);
}

// What is left of its weight may say the letter on later, where all others fit even less.
TEST_F(CtcBeamDecoderTest, ALetterThatIsOverIsNotSaidOn) {
  UseModel({"a"}, 1, 1);
  BeamOptions options;
  options.lexicon = true;
  Start(options);
  Accept(Clear("a", 0.999));
  Accept(Clear("_"));
  Accept({{std::log(1e-4f), -20, std::log(0.05f), std::log(0.9f)}});
  Accept(Clear("__"));
  const Hypothesis taken = decoder_->Take();
  ASSERT_EQ(taken.text, "a");
  EXPECT_EQ(taken.words[0].end, kFrame);
}

TEST_F(CtcBeamDecoderTest, TheLexiconYieldsNoOtherWords) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  const std::set<std::string> words = {"a", "abc", "cab", "bb", "ccba"};
  UseModel({words.begin(), words.end()}, 3, 2);
  std::set<std::string> allowed = words;
  allowed.insert("bac");
  for (int round = 0; round < 100; ++round) {
    BeamOptions options;
    options.beam = 1 + static_cast<int>(random_() % 20);
    options.lexicon = true;
    options.lm_weight = Uniform(0, 2);
    options.word_bonus = Uniform(-2, 5);
    options.letter_bonus = Uniform(-1, 3);
    Start(options, {{"bac", 3}, {"cc", -3}});
    Accept(RandomFrames(60, Uniform(0.5, 3)));
    for (int take = 0; take < 3; ++take) {
      const std::vector<Hypothesis> taken =
          round % 2 ? decoder_->TakeNBest(5) : decoder_->TakeClosedNBest(5);
      for (const Hypothesis& hypothesis : taken) {
        for (const Word& word : hypothesis.words) {
          ASSERT_EQ(allowed.count(word.text), 1u) << word.text;
        }
      }
      Accept(RandomFrames(10, 1));
    }
  }
}

// A word is said of which the lexicon knows the beginning only.
TEST_F(CtcBeamDecoderTest, AWordThatTheLexiconHasNotIsGivenUpAtItsSpace) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  UseModel({"ab", "cc"}, 2, 4);
  BeamOptions options;
  options.lexicon = true;
  options.lm_weight = 0.1f;
  options.beam = 1;
  Start(options);
  Accept(Clear("_ab c"));
  EXPECT_EQ(decoder_->Current().text, "ab c");
  const int64_t changes = decoder_->changes();
  Accept(Clear(" "));
  EXPECT_EQ(decoder_->Current().text, "ab");
  EXPECT_GT(decoder_->changes(), changes);
  Accept(Clear("ab "));
  EXPECT_EQ(decoder_->Take().text, "ab ab");
}

TEST_F(CtcBeamDecoderTest, AHotWordThatIsTakenAwayInItsMiddleIsGivenUp) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  UseModel({"ab"}, 2, 4);
  BeamOptions options;
  options.lexicon = true;
  options.lm_weight = 0.1f;
  options.beam = 1;
  Start(options, {{"cab", 15}});
  Accept(Clear("ab c"));
  EXPECT_EQ(decoder_->Current().text, "ab c");
  SetHotWords({});
  EXPECT_EQ(decoder_->Current().text, "ab");
  Accept(Clear("_ab_"));
  EXPECT_EQ(decoder_->Take().text, "ab ab");
}

// Whatever came before: what is said clearly after a space is heard.
TEST_F(CtcBeamDecoderTest, TheLexiconNeverHoldsUpAStream) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  UseModel({"ab", "accb", "bcca", "cbab"}, 2, 4);
  for (int round = 0; round < 200; ++round) {
    BeamOptions options;
    options.lexicon = true;
    options.beam = 1 + round % 8;
    Start(options);
    for (int i = 0; i < 5; ++i) {
      if (random_() % 3 == 0) SetHotWords({{"caa", 9}, {"bb", 4}});
      if (random_() % 3 == 0) SetHotWords({});
      Accept(RandomFrames(static_cast<int>(random_() % 8), 3));
      if (random_() % 5 == 0) decoder_->TakeClosed();
    }
    Accept(Clear("_ ab _", 1 - 1e-6));
    const std::string text = decoder_->Take().text;
    ASSERT_TRUE(text == "ab" || absl::EndsWith(text, " ab")) << "round " << round << ": " << text;
  }
}

TEST_F(CtcBeamDecoderTest, TheLanguageModelTurnsTheScale) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  WriteText(folder_ / "lm.arpa", kAfterC);
  ASSERT_TRUE(BuildLanguageModel(folder_ / "lm.arpa", folder_ / "lm.rlm", nullptr).ok());
  model_ = *LanguageModel::Open(folder_ / "lm.rlm");
  Frames frames = Clear("a");
  std::vector<float> b_or_c = Clear("b")[0];
  b_or_c[3] = std::log(0.45f);
  b_or_c[4] = std::log(0.5f);
  frames.push_back(b_or_c);
  for (const auto& frame : Clear(" c ")) frames.push_back(frame);
  BeamOptions options;
  options.lm_weight = 0;
  Start(options);
  Accept(frames);
  EXPECT_EQ(decoder_->Take().text, "ac c");
  options.lm_weight = 0.5;
  Start(options);
  Accept(frames);
  EXPECT_EQ(decoder_->Take().text, "ab c");
}

TEST_F(CtcBeamDecoderTest, ATakeAtAPauseForgetsASentenceAndACutDoesNot) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  UseModel({"a", "b", "c", "ab", "bc"}, 3, 3);
  BeamOptions options;
  options.lexicon = true;
  options.lm_weight = 1.5;
  int different = 0;
  for (int round = 0; round < 40; ++round) {
    // The two halves are parted beyond doubt.
    const Frames first = RandomFrames(12, 2), second = RandomFrames(12, 2),
                 gap = Clear("_ _", 0.9999999);
    Start(options);
    Accept(second);
    const Hypothesis alone = decoder_->Take();

    Start(options);
    Accept(first);
    Accept(gap);
    const Hypothesis before = decoder_->Take();
    Accept(second);
    const Hypothesis after = decoder_->Take();
    EXPECT_EQ(after.text, alone.text);
    EXPECT_NEAR(after.score, alone.score, 1e-3);

    Start(options);
    Accept(first);
    Accept(gap);
    const Hypothesis closed = decoder_->TakeClosed();
    Accept(second);
    const Hypothesis rest = decoder_->Take();
    different += rest.text != alone.text;
    if (closed.words.size() > 1 && rest.words.size() > 0) {
      EXPECT_GE(rest.words[0].start, closed.words.back().end);
    }
  }
  EXPECT_GT(different, 3);
}

TEST_F(CtcBeamDecoderTest, WhatIsTakenInTheMiddleOfSpeechEndsNoSentence) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  WriteText(folder_ / "lm.arpa", kAfterC);
  ASSERT_TRUE(BuildLanguageModel(folder_ / "lm.arpa", folder_ / "lm.rlm", nullptr).ok());
  model_ = *LanguageModel::Open(folder_ / "lm.rlm");
  BeamOptions options;
  options.lm_weight = 1;
  double score[2];
  for (const bool middle : {false, true}) {
    Start(options);
    Accept(Clear("c"));
    const Hypothesis first = middle ? decoder_->TakeClosed() : decoder_->Take();
    EXPECT_EQ(first.text, "c");
    score[middle] = first.score;
    Accept(Clear("_a"));
    Accept({{-9, -9, -9, std::log(0.5f), std::log(0.45f)}});
    EXPECT_EQ(decoder_->Take().text, middle ? "ac" : "ab");
  }
  EXPECT_NEAR(score[false] - score[true], -std::log(10), 1e-3);  // p(</s>)
}

TEST_F(CtcBeamDecoderTest, ACutLeavesTheOpenWordAndLosesNothing) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  Start({});
  Accept(Clear("_ab_c a_b c"));
  EXPECT_EQ(decoder_->Current().text, "abc ab c");
  EXPECT_EQ(decoder_->TakeClosed().text, "abc ab");
  EXPECT_TRUE(decoder_->has_words());
  EXPECT_EQ(decoder_->first_word_start(), 10 * kFrame);
  Accept(Clear("cba"));
  EXPECT_EQ(decoder_->Current().text, "cba");
  EXPECT_EQ(decoder_->TakeClosed().text, "cba");  // the only one
  EXPECT_FALSE(decoder_->has_words());
  Accept(Clear(" a b "));
  EXPECT_EQ(decoder_->TakeClosed().text, "a b");  // all closed
  EXPECT_FALSE(decoder_->has_words());
}

TEST_F(CtcBeamDecoderTest, ALetterThatGoesOnIsNotTakenTwice) {
  Start({});
  Accept(Clear("ab"));
  EXPECT_EQ(decoder_->Take().text, "ab");
  Accept(Clear("bb_", 0.999));
  EXPECT_FALSE(decoder_->has_words());
  Accept(Clear("ba"));
  EXPECT_EQ(decoder_->Take().text, "ba");
}

TEST_F(CtcBeamDecoderTest, AlternativesAreDistinctAndCounted) {
  for (int round = 0; round < 50; ++round) {
    const Frames frames = RandomFrames(12, 1);
    for (const bool closed : {false, true}) {
      std::vector<Hypothesis> all;
      for (const int n : {1000, 1, 2, 5}) {
        Start({});
        Accept(frames);
        const std::vector<Hypothesis> some =
            closed ? decoder_->TakeClosedNBest(n) : decoder_->TakeNBest(n);
        if (n == 1000) all = some;
        ASSERT_EQ(some.size(), std::min<size_t>(n, all.size()));
        std::set<std::string> texts;
        for (size_t i = 0; i < some.size(); ++i) {
          EXPECT_EQ(some[i].text, all[i].text);
          EXPECT_TRUE(texts.insert(some[i].text).second) << some[i].text;
          if (i > 1) {
            EXPECT_LE(some[i].score, some[i - 1].score);
          }
        }
      }
    }
  }
}

TEST_F(CtcBeamDecoderTest, WordsAreInOrderAndConfidencesAreProbabilities) {
  for (int round = 0; round < 50; ++round) {
    Start({});
    for (int i = 0; i < 10; ++i) {
      Accept(RandomFrames(20, Uniform(0.3, 3)));
      int64_t end = 0;
      const Hypothesis current = decoder_->Current();
      for (const Word& word : current.words) {
        EXPECT_GE(word.start, end);
        EXPECT_GE(word.end, word.start);
        EXPECT_GE(word.confidence, 0);
        EXPECT_LE(word.confidence, 1);
        end = word.end;
      }
      EXPECT_LE(end, decoder_->time());
      if (!current.words.empty()) {
        EXPECT_EQ(current.words[0].start, decoder_->first_word_start());
      }
    }
  }
}

TEST_F(CtcBeamDecoderTest, ChangesTellOfEveryChange) {
  Start({});
  int64_t changes = decoder_->changes();
  std::string text;
  for (int i = 0; i < 500; ++i) {
    Accept(RandomFrames(1, 1.5));
    const std::string now = decoder_->Current().text;
    EXPECT_EQ(decoder_->changes() != changes, now != text);
    changes = decoder_->changes();
    text = now;
  }
}

// However long nobody takes anything, and whatever is said.
TEST_F(CtcBeamDecoderTest, MemoryIsBounded) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  for (const double sharpness : {0.0, 0.3, 2.0}) {
    for (const int beam : {1, 16, 128}) {
      BeamOptions options = Wide();
      options.beam = beam;
      Start(options);
      const size_t bound = CtcBeamDecoder::MaxBytes(options, static_cast<int>(tokens_.size()));
      for (int i = 0; i < 40; ++i) {
        Accept(RandomFrames(50, sharpness));
        ASSERT_LE(decoder_->bytes(), bound);
      }
      // Words without end, too: no space at all.
      for (int i = 0; i < 400; ++i) Accept(Clear("abc_", 0.5));
      ASSERT_LE(decoder_->bytes(), bound);
      for (const Word& word : decoder_->Current().words) {
        EXPECT_LE(word.text.size(), static_cast<size_t>(kMaxWordLetters));
      }
    }
  }
}

TEST_F(CtcBeamDecoderTest, AnyFloatsAreSafe) {
  const float odd[] = {NAN, INFINITY, -INFINITY, 0.0f, 1e30f, -1e30f, 5.0f, -0.1f, -3.0f};
  for (int round = 0; round < 100; ++round) {
    Start({});
    for (int i = 0; i < 50; ++i) {
      std::vector<float> frame(tokens_.size());
      for (float& value : frame) value = odd[random_() % std::size(odd)];
      Accept({frame});
      ASSERT_TRUE(std::isfinite(decoder_->Current().score));
    }
    decoder_->Take();
  }
  Start({});
  Accept({std::vector<float>(tokens_.size(), NAN)});
  EXPECT_FALSE(decoder_->has_words());
}

TEST_F(CtcBeamDecoderTest, HotWordsMayChangeAtAnyTime) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  UseModel({"a", "b", "ab", "ca"}, 3, 4);
  const std::vector<std::string> phrases = {"abc", "cab a", "a b", "bb", "ca ca b"};
  for (int round = 0; round < 60; ++round) {
    BeamOptions options;
    options.lexicon = round % 2;
    Start(options);
    for (int i = 0; i < 30; ++i) {
      std::vector<HotWord> hot_words;
      for (const std::string& phrase : phrases) {
        if (random_() % 2) hot_words.push_back({phrase, Uniform(-10, 10)});
      }
      const int64_t changes = decoder_->changes();
      const std::string before = decoder_->Current().text;
      SetHotWords(hot_words);
      EXPECT_EQ(decoder_->Current().text != before, decoder_->changes() != changes);
      Accept(RandomFrames(7, 1.5));
      if (random_() % 5 == 0) decoder_->Take();
      if (random_() % 5 == 0) decoder_->TakeClosed();
    }
  }
}

TEST_F(CtcBeamDecoderTest, HotWordsSetInTheMiddleOfAWordCount) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  UseModel({"ab", "ca"}, 2, 4);
  BeamOptions options;
  options.lexicon = true;
  options.lm_weight = 0.6;
  options.word_bonus = 0;
  Start(options);
  Accept(Clear("_c", 0.6));
  SetHotWords({{"cab", 15}});
  Accept(Clear("ab_", 0.6));
  EXPECT_EQ(decoder_->Take().text, "cab");
  SetHotWords({});
  Accept(Clear("_cab_", 0.6));
  EXPECT_NE(decoder_->Take().text, "cab");
}

// What is called settled at any time is in everything that comes after.
TEST_F(CtcBeamDecoderTest, SettledWordsStay) {
  UseModel({"a", "b", "ab", "ba", "aab"}, 2, 5);
  for (const bool lexicon : {false, true}) {
    int settled_words = 0;
    for (int round = 0; round < 20; ++round) {
      BeamOptions options;
      options.beam = 1 + round % 12;
      options.lexicon = lexicon;
      Start(options);
      std::vector<std::string> settled;
      const auto check = [&](const Hypothesis& hypothesis) {
        ASSERT_GE(hypothesis.words.size(), settled.size());
        float least = 1;
        for (size_t i = 0; i < hypothesis.words.size(); ++i) {
          const Word& word = hypothesis.words[i];
          if (i < settled.size()) {
            ASSERT_EQ(word.text, settled[i]);
          }
          ASSERT_GE(word.agreement, 0);
          ASSERT_LE(word.agreement, least);  // who leaves does not come back
          least = word.agreement;
          if (least == 1 && i == settled.size()) settled.push_back(word.text);
        }
      };
      for (int t = 0; t < 120; ++t) {
        Accept(RandomFrames(1, 2));
        check(decoder_->Current());
      }
      settled_words += static_cast<int>(settled.size());
      check(decoder_->Take());
    }
    EXPECT_GT(settled_words, 50);
  }
}

}  // namespace
}  // namespace rill
