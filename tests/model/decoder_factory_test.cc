#include "model/decoder/decoder_factory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace rill {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::vector<std::string> kLetters = {"<blank>", " ", "a", "é"};

DecoderOptions Beam() {
  DecoderOptions options;
  options.kind = DecoderOptions::Kind::kBeam;
  return options;
}

TEST(DecoderFactoryTest, LettersCanBeDecodedInEveryWay) {
  const auto factory = DecoderFactory::Create(&kLetters, nullptr, Beam());
  ASSERT_TRUE(factory.ok()) << factory.status();
  EXPECT_TRUE(factory->MakeHotWords({{"é a", 1}}).ok());
  EXPECT_TRUE(DecoderFactory(&kLetters).MakeHotWords({{"a", 1}}).ok());
}

// Also where no piece has a space: "th" and "t", "h" would be two texts.
TEST(DecoderFactoryTest, PiecesOfWordsCanBeDecodedGreedilyOnly) {
  for (const char* piece : {" th", "th", "aé"}) {
    const std::vector<std::string> tokens = {"<blank>", " ", "t", "h", piece};
    const auto refusal = AllOf(HasSubstr(piece), HasSubstr("pieces of words"));
    const auto beam = DecoderFactory::Create(&tokens, nullptr, Beam());
    EXPECT_EQ(beam.status().code(), absl::StatusCode::kInvalidArgument) << piece;
    EXPECT_THAT(beam.status().ToString(), AllOf(HasSubstr("decoder.kind"), refusal));

    const auto greedy = DecoderFactory::Create(&tokens, nullptr, {});
    ASSERT_TRUE(greedy.ok()) << greedy.status();
    EXPECT_TRUE(greedy->MakeHotWords({}).ok());
    const auto hot_words = greedy->MakeHotWords({{"th", 1}});
    EXPECT_THAT(hot_words.status().ToString(), AllOf(HasSubstr("hot_words"), refusal));
  }
}

// Hot words make a greedy stream's decoder a beam: what it tells of its words is a beam's.
TEST(DecoderFactoryTest, ABeamIsJudgedAsOneEvenInAGreedyStream) {
  Calibration greedy, beam;
  greedy.confidence[0] = -9;
  beam.confidence[0] = 9;
  CalibrationTable calibrations;
  calibrations.Set("greedy", greedy);
  calibrations.Set("beam", beam);
  const auto factory = DecoderFactory::Create(&kLetters, nullptr, {}, &calibrations);
  ASSERT_TRUE(factory.ok()) << factory.status();
  const auto hot_words = factory->MakeHotWords({{"a", 1}});
  ASSERT_TRUE(hot_words.ok()) << hot_words.status();
  for (const bool with_hot_words : {false, true}) {
    const auto decoder = factory->New(with_hot_words ? *hot_words : nullptr);
    decoder->Accept({{-5.0f, -5.0f, -0.1f, -5.0f}}, 0, 640);
    Hypothesis hypothesis = decoder->Take();
    factory->SetConfidence(decoder->kind(), &hypothesis);
    EXPECT_EQ(hypothesis.confidence > 0.5, with_hot_words);
  }
}

TEST(DecoderFactoryTest, PiecesBecomeWordsWithTheirTimes) {
  const std::vector<std::string> tokens = {"<blank>", " ", " the", "re", " a"};
  const std::unique_ptr<CtcDecoder> decoder = DecoderFactory(&tokens).New(nullptr);
  int64_t time = 0;
  for (const size_t token : {0, 2, 2, 0, 3, 4, 0, 4, 1, 0}) {
    std::vector<float> log_probs(tokens.size(), -5.0f);
    log_probs[token] = -0.1f;
    decoder->Accept(log_probs, time, time + 640);
    time += 640;
  }
  const Hypothesis hypothesis = decoder->Take();
  EXPECT_EQ(hypothesis.text, "there a a");
  ASSERT_EQ(hypothesis.words.size(), 3u);
  const std::vector<std::pair<int64_t, int64_t>> frames = {{1, 5}, {5, 6}, {7, 8}};
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(hypothesis.words[i].start, frames[i].first * 640) << i;
    EXPECT_EQ(hypothesis.words[i].end, frames[i].second * 640) << i;
    EXPECT_EQ(hypothesis.words[i].agreement, 1) << "a space has closed it";
  }
}

}  // namespace
}  // namespace rill
