#include "model/decoder/ctc_beam_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "model/decoder/ctc_greedy_decoder.h"
#include "model/language_model/language_model_builder.h"
#include "tests/model/exhaustive_ctc.h"
#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

constexpr int64_t kFrame = 640;

class CtcBeamDecoderTest : public ::testing::Test {
 protected:
  void UseModel(const std::vector<std::string>& words, int order, uint32_t seed) {
    WriteText(folder_ / "lm.arpa", RandomArpa(words, order, seed));
    ASSERT_TRUE(BuildLanguageModel(folder_ / "lm.arpa", folder_ / "lm.rlm", nullptr).ok());
    auto model = LanguageModel::Open(folder_ / "lm.rlm");
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    naive_ = NaiveLanguageModel();
    ASSERT_TRUE(naive_.Read(folder_ / "lm.arpa"));
  }

  void Start(const BeamOptions& options, const std::vector<HotWord>& hot_words = {},
             bool recombine = true) {
    ASSERT_TRUE(options.Validate().ok());
    decoder_ = std::make_unique<CtcBeamDecoder>(&tokens_, model_.get(), options, recombine);
    SetHotWords(hot_words);
    time_ = 0;
  }

  void SetHotWords(const std::vector<HotWord>& hot_words) {
    const auto made =
        HotWords::Create(hot_words, tokens_, model_ == nullptr ? nullptr : &model_->lexicon());
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_TRUE(decoder_->SetHotWords(*made));
  }

  void Accept(const Frames& frames) {
    for (const std::vector<float>& frame : frames) {
      decoder_->Accept(frame, time_, time_ + kFrame);
      time_ += kFrame;
    }
  }

  // Random distributions; the higher `sharpness`, the surer.
  Frames RandomFrames(int count, double sharpness) {
    Frames frames;
    std::normal_distribution<double> normal;
    for (int t = 0; t < count; ++t) {
      std::vector<double> weights(tokens_.size());
      double sum = 0;
      for (double& weight : weights) sum += weight = std::exp(sharpness * normal(random_));
      std::vector<float> frame;
      for (const double weight : weights)
        frame.push_back(static_cast<float>(std::log(weight / sum)));
      frames.push_back(frame);
    }
    return frames;
  }

  // One character a frame, '_' is the blank, with probability `prob`.
  Frames Clear(const std::string& said, double prob = 0.95) {
    Frames frames;
    for (const char c : said) {
      std::vector<float> frame;
      for (const std::string& token : tokens_) {
        const bool it = token == (c == '_' ? "<blank>" : std::string(1, c));
        frame.push_back(static_cast<float>(
            std::log(it ? prob : (1 - prob) / static_cast<double>(tokens_.size() - 1))));
      }
      frames.push_back(frame);
    }
    return frames;
  }

  float Uniform(double low, double high) {
    return std::uniform_real_distribution<float>(static_cast<float>(low),
                                                 static_cast<float>(high))(random_);
  }

  // Keeps everything.
  static BeamOptions Wide() {
    BeamOptions options;
    options.beam = 128;
    options.token_threshold = 100;
    options.beam_threshold = 1000;
    return options;
  }

  BeamOptions RandomWide() {
    BeamOptions options = Wide();
    options.lm_weight = Uniform(0, 2);
    options.word_bonus = Uniform(-3, 3);
    options.blank_penalty = Uniform(-1, 1);
    options.unknown_word_penalty = Uniform(0, 5);
    options.unknown_letter_penalty = Uniform(0, 1);
    options.lexicon = model_ != nullptr && random_() % 2 == 0;
    return options;
  }

  // The decoder's texts must be those of the exhaustive search, with the same scores.
  void ExpectExhaustive(const Frames& frames, const BeamOptions& options,
                        const std::vector<HotWord>& hot_words) {
    std::vector<std::pair<double, std::string>> expected;
    double empty = -INFINITY;
    for (const auto& [text, probability] :
         TextProbabilities(frames, tokens_, options.blank_penalty)) {
      const double score =
          std::log(probability) + TextScore(text, model_ ? &naive_ : nullptr, options, hot_words);
      if (text.empty()) empty = score;
      if (std::isfinite(score) && !text.empty()) expected.emplace_back(score, text);
    }
    std::sort(expected.rbegin(), expected.rend());
    // Silence is told of only if it is the best.
    if (expected.empty() || empty > expected[0].first)
      expected.insert(expected.begin(), {empty, ""});
    Start(options, hot_words, /*recombine=*/false);
    Accept(frames);
    const std::vector<Hypothesis> taken = decoder_->TakeNBest(1000);
    ASSERT_EQ(taken.size(), expected.size());
    for (size_t i = 0; i < taken.size(); ++i) {
      ASSERT_EQ(taken[i].text, expected[i].second) << "place " << i;
      ASSERT_NEAR(taken[i].score, expected[i].first, 1e-3) << taken[i].text;
    }
  }

  const TemporaryFolder folder_;
  std::vector<std::string> tokens_ = {"<blank>", " ", "a", "b"};
  std::unique_ptr<LanguageModel> model_;
  NaiveLanguageModel naive_;
  std::unique_ptr<CtcBeamDecoder> decoder_;
  std::mt19937 random_{1};
  int64_t time_ = 0;
};

TEST_F(CtcBeamDecoderTest, WithoutALanguageModelTextsAreThoseOfAnExhaustiveSearch) {
  for (int round = 0; round < 200; ++round) {
    ExpectExhaustive(RandomFrames(1 + round % 5, Uniform(0.2, 3)), RandomWide(), {});
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST_F(CtcBeamDecoderTest, WithALanguageModelTextsAreThoseOfAnExhaustiveSearch) {
  for (int round = 0; round < 200; ++round) {
    if (round % 10 == 0) UseModel({"a", "ab", "bab", "bb"}, 1 + round / 10 % 4, round);
    ExpectExhaustive(RandomFrames(1 + round % 5, Uniform(0.2, 3)), RandomWide(), {});
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST_F(CtcBeamDecoderTest, WithHotWordsTextsAreThoseOfAnExhaustiveSearch) {
  const std::vector<std::string> phrases = {"a",   "b",  "a b", "b a", "ab",    "ba",
                                            "b b", "aa", "bab", "abb", "a b b", "b a b"};
  for (int round = 0; round < 300; ++round) {
    model_ = nullptr;
    if (round % 2) UseModel({"a", "ab", "bb"}, 3, round);
    std::vector<HotWord> hot_words;
    for (const std::string& phrase : phrases) {
      if (random_() % 3 == 0) hot_words.push_back({phrase, Uniform(-4, 6)});
    }
    ExpectExhaustive(RandomFrames(1 + round % 5, Uniform(0.2, 3)), RandomWide(), hot_words);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST_F(CtcBeamDecoderTest, ANarrowBeamFindsTheBestOfLongerAudioMostly) {
  UseModel({"a", "ab", "bab", "bb"}, 3, 1);
  int same = 0;
  constexpr int kRounds = 30;
  for (int round = 0; round < kRounds; ++round) {
    const Frames frames = RandomFrames(8, 2.5);
    BeamOptions options;
    options.lexicon = true;
    double best = -INFINITY;
    std::string text;
    for (const auto& [candidate, probability] : TextProbabilities(frames, tokens_, 0)) {
      const double score = std::log(probability) + TextScore(candidate, &naive_, options, {});
      if (score > best) {
        best = score;
        text = candidate;
      }
    }
    Start(options);
    Accept(frames);
    const Hypothesis taken = decoder_->Take();
    EXPECT_LE(taken.score, best + 1e-3);
    same += taken.text == text;
  }
  EXPECT_GE(same, kRounds - 3);
}

// What is left out is worse than something that goes on alike. It might still have gained on it, by
// ways to say it that have not ended yet: so the best text stays nearly always.
TEST_F(CtcBeamDecoderTest, RecombinationHardlyEverChangesTheBest) {
  UseModel({"a", "ab", "bab", "bb"}, 2, 1);
  int other = 0;
  for (int round = 0; round < 60; ++round) {
    BeamOptions options = Wide();
    options.lexicon = round % 2;
    options.lm_weight = 0.5;
    options.beam = 128;
    const Frames frames = RandomFrames(9, 1.5);
    Hypothesis taken[2];
    for (const bool recombine : {false, true}) {
      Start(options, {}, recombine);
      Accept(frames);
      taken[recombine] = decoder_->Take();
    }
    other += taken[0].text != taken[1].text;
    EXPECT_LE(taken[1].score, taken[0].score + 1e-3);
  }
  EXPECT_LE(other, 3);
}

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

TEST_F(CtcBeamDecoderTest, TheLanguageModelTurnsTheScale) {
  tokens_ = {"<blank>", " ", "a", "b", "c"};
  WriteText(folder_ / "lm.arpa",
            "\\data\\\nngram 1=6\nngram 2=2\n\\1-grams:\n-3 <unk>\n-9 <s> 0\n-1 </s>\n-1 ab -1\n"
            "-1 ac -1\n-1 c -1\n\\2-grams:\n-0.1 ab c\n-0.1 c ac\n\\end\\\n");
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
