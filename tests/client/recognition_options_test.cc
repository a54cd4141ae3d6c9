#include "client/cli/recognition_options.h"

#include <gtest/gtest.h>

namespace rill::client {
namespace {

class RecognitionOptionsTest : public testing::Test {
 protected:
  RecognitionOptionsTest() {
    AddRecognitionOptions(&app_, &config_);
    AddAlternatives(&app_, &config_);
    app_.add_option("file", file_);
  }

  CLI::App app_;
  v1::RecognitionConfig config_;
  std::string file_;
};

TEST_F(RecognitionOptionsTest, NothingGivenIsTheServersChoice) {
  app_.parse("a.wav");
  EXPECT_EQ(config_.ByteSizeLong(), 0u);
}

TEST_F(RecognitionOptionsTest, EveryFlagHasItsField) {
  app_.parse(
      "--beam 32 --lm-weight 0.5 --word-bonus -1.5 --letter-bonus 2 --lexicon-only --written "
      "--mask-profanity "
      "--blank-penalty -2 --token-threshold 6.5 --beam-threshold 12 "
      "--silence-after-words-ms 500 --silence-without-words-ms 5000 --max-utterance-ms 0 "
      "--alternatives 4 --min-confidence 0.3 --chunk-ms 640 --model m --hot-word 'Anna Karenina=8' "
      "--hot-word rill "
      "a.wav");
  EXPECT_EQ(file_, "a.wav");
  const v1::DecodingConfig& decoding = config_.decoding();
  EXPECT_EQ(decoding.method(), v1::DecodingConfig::BEAM);
  EXPECT_EQ(decoding.beam(), 32);
  EXPECT_EQ(decoding.lm_weight(), 0.5f);
  EXPECT_EQ(decoding.word_bonus(), -1.5f);
  EXPECT_EQ(decoding.letter_bonus(), 2);
  EXPECT_EQ(decoding.blank_penalty(), -2);
  EXPECT_EQ(decoding.token_threshold(), 6.5f);
  EXPECT_EQ(decoding.beam_threshold(), 12);
  EXPECT_TRUE(decoding.lexicon_only());
  EXPECT_EQ(decoding.min_confidence(), 0.3f);
  EXPECT_FALSE(config_.endpoint().has_enabled());
  EXPECT_EQ(config_.endpoint().silence_after_words_ms(), 500);
  EXPECT_EQ(config_.endpoint().silence_without_words_ms(), 5000);
  EXPECT_TRUE(config_.endpoint().has_max_utterance_ms());
  EXPECT_EQ(config_.endpoint().max_utterance_ms(), 0);
  EXPECT_TRUE(config_.inverse_text_normalization());
  EXPECT_TRUE(config_.mask_profanity());
  EXPECT_EQ(config_.alternatives(), 4);
  EXPECT_EQ(config_.chunk_ms(), 640);
  EXPECT_EQ(config_.model(), "m");
  ASSERT_EQ(config_.hot_words_size(), 2);
  EXPECT_EQ(config_.hot_words(0).phrase(), "Anna Karenina");
  EXPECT_EQ(config_.hot_words(0).boost(), 8);
  EXPECT_EQ(config_.hot_words(1).phrase(), "rill");
}

TEST_F(RecognitionOptionsTest, UtterancesMayBeLeftToTheEnd) {
  app_.parse("--no-endpoints a.wav");
  EXPECT_TRUE(config_.endpoint().has_enabled());
  EXPECT_FALSE(config_.endpoint().enabled());
}

TEST_F(RecognitionOptionsTest, WrongValuesAreRefused) {
  for (const char* line :
       {"--greedy --beam 4", "--min-confidence 2", "--beam 0", "--hot-word a=b", "--hot-word =3",
        "--hot-word a=21", "--hot-word a=nan", "--lm-weight x", "--beam-threshold x",
        "--alternatives 101", "--chunk-ms 100", "--max-utterance-ms 1.5",
        "--no-endpoints --silence-after-words-ms 500"}) {
    CLI::App app;
    v1::RecognitionConfig config;
    AddRecognitionOptions(&app, &config);
    AddAlternatives(&app, &config);
    EXPECT_THROW(app.parse(line), CLI::ParseError) << line;
  }
}

}  // namespace
}  // namespace rill::client
