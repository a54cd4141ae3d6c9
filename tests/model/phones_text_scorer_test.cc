// Texts of phones: which words they are, and that each counts what its words do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/decoder/text_scorer.h"
#include "tests/model/phones_fixture.h"

namespace rill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PhonesTextScorerTest : public PhonesFixture {
 protected:
  void SetUp() override { UsePhones(); }

  void Start(const BeamOptions& options, const std::vector<HotWord>& hot_words = {}) {
    options_ = options;
    scorer_ = std::make_unique<TextScorer>(&tokens_, model_.get(), options);
    const auto made = HotWords::Create(hot_words, tokens_, &model_->lexicon());
    ASSERT_TRUE(made.ok()) << made.status();
    hot_ = *made;
    scorer_->set_hot_words(hot_);
  }

  // The text of whole words.
  TextState Say(const std::vector<std::string>& words) {
    TextState text = scorer_->Begin(scorer_->SentenceStart());
    for (const std::string& word : words) {
      text = Open(text, absl::StrJoin(said_.at(word), " "));
      TextState next;
      EXPECT_TRUE(scorer_->Extend(text, scorer_->space(), &next, Named(text, word))) << word;
      text = next;
    }
    return text;
  }

  TextState Open(TextState text, const std::string& phones) {
    for (const std::string& phone : Words(phones)) {
      TextState next;
      EXPECT_TRUE(scorer_->Extend(text, Token(phone), &next)) << phone;
      text = next;
    }
    return text;
  }

  // That of the endings which is spelled like this.
  WordId Named(const TextState& text, const std::string& word) {
    for (int i = 0; i < scorer_->Endings(text); ++i) {
      if (scorer_->Spelling(scorer_->Ending(text, i)) == word) return scorer_->Ending(text, i);
    }
    ADD_FAILURE() << word;
    return kUnknownWord;
  }

  std::vector<std::string> Endings(const TextState& text) const {
    std::vector<std::string> words;
    for (int i = 0; i < scorer_->Endings(text); ++i) {
      words.emplace_back(scorer_->Spelling(scorer_->Ending(text, i)));
    }
    return words;
  }

  std::string Guess(const TextState& text) const {
    return std::string(scorer_->Spelling(scorer_->Guess(text)));
  }

  BeamOptions RandomOptions() {
    BeamOptions options = Phones();
    options.lm_weight = Uniform(0.1, 2);
    options.word_bonus = Uniform(-2, 2);
    options.letter_bonus = Uniform(-2, 2);
    options.unknown_word_penalty = Uniform(0, 8);
    return options;
  }

  BeamOptions options_;
  std::unique_ptr<TextScorer> scorer_;
  std::shared_ptr<const HotWords> hot_;
};

TEST_F(PhonesTextScorerTest, EachChoiceOfWordsCountsWhatItsWordsDo) {
  said_["katha"] = {"K", "AE", "DH", "AH"};
  for (int round = 0; round < 200; ++round) {
    std::vector<HotWord> hot_words;
    if (round % 2) hot_words = {{"katha", Uniform(1, 8)}, {"two seats", 3}, {"too", -2}};
    Start(RandomOptions(), hot_words);
    std::vector<std::string> words;
    for (int i = static_cast<int>(random_() % 6); i >= 0; --i) {
      const auto& [word, phones] = *std::next(said_.begin(), random_() % said_.size());
      if (naive_.Knows(word) || (round % 2 && word == "katha")) words.push_back(word);
    }
    const TextState text = Say(words);
    EXPECT_EQ(text.letters, 0);
    for (const bool sentence_end : {false, true}) {
      double score;
      LanguageModel::State history;
      WordId word;
      ASSERT_TRUE(scorer_->Finish(text, sentence_end, &score, &history, &word));
      EXPECT_NEAR(score, PhonesScore(words, options_, hot_words, sentence_end), 1e-4)
          << absl::StrJoin(words, " ");
      EXPECT_EQ(scorer_->Spelling(word), words.empty() ? "" : words.back());
    }
  }
}

// By the history alone, by what is at the end of the sentence, by a boost.
TEST_F(PhonesTextScorerTest, FinishChoosesTheBestOfThoseThatSoundAlike) {
  for (int round = 0; round < 200; ++round) {
    std::vector<HotWord> hot_words;
    if (round % 3) hot_words = {{"two", Uniform(-3, 6)}, {"tue", Uniform(5, 15)}};
    BeamOptions options = RandomOptions();
    options.lm_weight = Uniform(0.1, 0.5);
    Start(options, hot_words);
    said_["tue"] = {"T", "UW"};
    for (const std::string before : {"a", "tooth", "seats", "see"}) {
      for (const bool sentence_end : {false, true}) {
        std::string best_word;
        double best = -INFINITY;
        for (const std::string word : {"to", "too", "two", "tue"}) {
          if (word == "tue" && hot_words.empty()) continue;
          const double score = PhonesScore({before, word}, options_, hot_words, sentence_end);
          if (score > best) {
            best = score;
            best_word = word;
          }
        }
        const TextState text = Open(Say({before}), "T UW");
        double score;
        LanguageModel::State history;
        WordId word;
        ASSERT_TRUE(scorer_->Finish(text, sentence_end, &score, &history, &word));
        EXPECT_EQ(scorer_->Spelling(word), best_word);
        EXPECT_NEAR(score, best, 1e-4);
        // As if a space had ended it.
        TextState closed;
        ASSERT_TRUE(scorer_->Extend(text, scorer_->space(), &closed, word));
        EXPECT_EQ(closed.history, history);
        ASSERT_TRUE(scorer_->Finish(closed, sentence_end, &best, &history));
        EXPECT_NEAR(score, best, 1e-4);
      }
    }
    said_.erase("tue");
  }
}

TEST_F(PhonesTextScorerTest, EndingsAreAllWordsOfThePhones) {
  Start(Phones(), {{"tue", 3}, {"seats", 5}, {"tu", 2}, {"two", 1}, {"soo", -1}});
  const TextState text = Say({"a"});
  EXPECT_THAT(Endings(text), IsEmpty());
  EXPECT_THAT(Endings(Open(text, "S")), IsEmpty());
  EXPECT_THAT(Endings(Open(text, "S IY")), ElementsAre("sea", "see"));
  EXPECT_THAT(Endings(Open(text, "S IY T S")), ElementsAre("seats"));
  EXPECT_THAT(Endings(Open(text, "T UW")), ElementsAre("to", "too", "two", "tue", "tu"));
  EXPECT_THAT(Endings(Open(text, "T UW TH")), ElementsAre("tooth"));
  TextState next;
  EXPECT_FALSE(scorer_->Extend(Open(text, "S"), Token("UW"), &next));  // soo is not wanted
}

TEST_F(PhonesTextScorerTest, NoWordIsMadeOfOtherPhones) {
  Start(Phones());
  const TextState text = Open(Say({}), "T UW");
  TextState next;
  EXPECT_FALSE(scorer_->Extend(text, Token("UW"), &next));
  EXPECT_FALSE(scorer_->Extend(text, Token("Z"), &next));  // no word has it
  EXPECT_TRUE(scorer_->MayEnd(Open(Say({}), "T UW TH")));
  EXPECT_FALSE(scorer_->MayEnd(Open(Say({}), "S")));
}

TEST_F(PhonesTextScorerTest, AGuessIsTheWordOrOneThatBeginsLikeIt) {
  Start(Phones(), {{"katha", 3}});
  EXPECT_EQ(Guess(Say({})), "");
  EXPECT_EQ(Guess(Say({"to"})), "");
  EXPECT_EQ(Guess(Open(Say({}), "S IY")), "see");
  EXPECT_EQ(Guess(Open(Say({"a"}), "S IY")), "sea");
  EXPECT_EQ(Guess(Open(Say({"a"}), "S")), "see");  // not whole: the likeliest of all
  EXPECT_EQ(Guess(Open(Say({"a"}), "S IY T")), "seat");
  EXPECT_EQ(Guess(Open(Say({"a"}), "T UW TH")), "tooth");
  EXPECT_EQ(Guess(Open(Say({"a"}), "K")), "katha");
  EXPECT_EQ(Guess(Open(Say({"a"}), "K AE DH AH")), "katha");
}

// What the beam leaves untried because of a bound, or because it will always count the same.
TEST_F(PhonesTextScorerTest, BoundsAndSharedFuturesHold) {
  int same = 0;
  for (int round = 0; round < 20; ++round) {
    const std::vector<std::string> words = {"to", "two", "too", "see", "sea", "a", "tooth"};
    UsePhones(RandomArpa(words, 1 + round % 3, round, /*interpolated=*/true));
    Start(RandomOptions());
    const auto walk = [this](int steps) {
      TextState text = Say({});
      for (; steps > 0; --steps) {
        TextState next;
        const int token = 1 + static_cast<int>(random_() % (tokens_.size() - 1));
        const int endings = scorer_->Endings(text);
        if (token == scorer_->space() && (endings == 0 || text.letters == 0)) continue;
        const WordId word = token == scorer_->space()
                                ? scorer_->Ending(text, static_cast<int>(random_() % endings))
                                : kUnknownWord;
        if (!scorer_->Extend(text, token, &next, word)) continue;
        EXPECT_LE(next.score(), scorer_->Bound(text) + 1e-3);
        text = next;
      }
      return text;
    };
    for (int i = 0; i < 500; ++i) {
      const TextState a = walk(40), b = walk(40);
      if (a.letters > 0 || b.letters > 0 || !TextScorer::SameFuture(a, b)) continue;
      ++same;
      double score_a, score_b;
      LanguageModel::State history;
      ASSERT_TRUE(scorer_->Finish(Open(a, "T UW"), true, &score_a, &history));
      ASSERT_TRUE(scorer_->Finish(Open(b, "T UW"), true, &score_b, &history));
      EXPECT_NEAR(score_a - score_b, a.score() - b.score(), 1e-4);
    }
  }
  EXPECT_GT(same, 100);
}

}  // namespace
}  // namespace rill
