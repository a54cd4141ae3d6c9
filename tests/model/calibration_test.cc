#include "model/decoder/calibration.h"

#include <gmock/gmock.h>

#include <cmath>

namespace rill {
namespace {

using testing::HasSubstr;

Hypothesis Of(const std::vector<std::pair<std::string, float>>& words) {
  Hypothesis hypothesis;
  for (const auto& [text, log_prob] : words) {
    Word& word = hypothesis.words.emplace_back();
    word.text = text;
    word.confidence = 0.25f;
    word.evidence = {log_prob, 2 * log_prob, log_prob * log_prob};
  }
  return hypothesis;
}

TEST(CalibrationTest, FeaturesAreWhatTheHeaderSays) {
  const auto features = ConfidenceFeaturesOf(Of({{"ab", -1}, {"abcdefghijkl", -0.25f}}), nullptr);
  ASSERT_EQ(features.size(), 2u);
  EXPECT_DOUBLE_EQ(features[0][0], 1);
  EXPECT_DOUBLE_EQ(features[0][1], std::sqrt(2.0));
  EXPECT_EQ(features[0][2], 0);
  EXPECT_EQ(features[0][3], 2);
  EXPECT_EQ(features[1][3], 10);
  EXPECT_DOUBLE_EQ(features[1][4], std::sqrt((2 + 12 * 0.25) / 14));
  EXPECT_DOUBLE_EQ(features[0][6], 1);
  EXPECT_DOUBLE_EQ(features[1][6], 0.25);
  EXPECT_DOUBLE_EQ(features[1][7], 0.625);
  EXPECT_TRUE(ConfidenceFeaturesOf({}, nullptr).empty());
}

TEST(CalibrationTest, ConfidenceIsTheMeanOfTheWords) {
  Calibration calibration;
  calibration.confidence = {2, -2};  // sqrt(-a)
  Hypothesis hypothesis = Of({{"a", -1}, {"b", -4}});
  SetConfidence(&calibration, nullptr, &hypothesis);
  EXPECT_FLOAT_EQ(hypothesis.words[0].confidence, 0.5f);
  EXPECT_FLOAT_EQ(hypothesis.words[1].confidence, static_cast<float>(1 / (1 + std::exp(2.0))));
  EXPECT_FLOAT_EQ(hypothesis.confidence,
                  (hypothesis.words[0].confidence + hypothesis.words[1].confidence) / 2);
  Hypothesis other = Of({{"a", -1}});
  SetConfidence(nullptr, nullptr, &other);
  EXPECT_EQ(other.words[0].confidence, 0.25f);
  Hypothesis nothing;
  SetConfidence(&calibration, nullptr, &nothing);
  EXPECT_EQ(nothing.confidence, 0);
}

TEST(CalibrationTest, StabilityIsOneOnlyForSettledWords) {
  Calibration calibration;
  calibration.stability = {-1, 0, 0, 4, 0};  // the age of the last word
  Hypothesis hypothesis = Of({{"a", -1}, {"b", -1}});
  hypothesis.words[1].agreement = 0.5f;
  hypothesis.words[1].end = 16 * 1000;
  const auto stability = [&](int64_t ms, const Calibration* used) {
    SetStability(used, 16 * ms, &hypothesis);
    return hypothesis.stability;
  };
  EXPECT_FLOAT_EQ(stability(1000, nullptr), 0.75f);
  EXPECT_FLOAT_EQ(stability(1000, &calibration),
                  static_cast<float>((1 + 1 / (1 + std::exp(1.0))) / 2));
  EXPECT_FLOAT_EQ(stability(1050, &calibration), 0.75f);
  EXPECT_GT(stability(1200, &calibration), 0.9f);
  EXPECT_FLOAT_EQ(stability(5000, &calibration), stability(1200, &calibration));
  Hypothesis nothing;
  SetStability(&calibration, 0, &nothing);
  EXPECT_EQ(nothing.stability, 0);
}

TEST(CalibrationTest, StabilityFeaturesAreFiniteForAnyAgreement) {
  Hypothesis hypothesis = Of({{"a", -1}, {"b", -1}});
  for (const float agreement : {0.0f, 0.3f, 1.0f}) {
    for (Word& word : hypothesis.words) word.agreement = agreement;
    for (const size_t word : {0, 1}) {
      for (const double feature : StabilityFeaturesOf(hypothesis, word, -5)) {
        EXPECT_TRUE(std::isfinite(feature));
      }
    }
  }
}

TEST(CalibrationTableTest, WhatIsWrittenIsRead) {
  CalibrationTable table;
  Calibration calibration;
  for (size_t i = 0; i < calibration.confidence.size(); ++i) calibration.confidence[i] = 0.1 * i;
  calibration.stability[2] = -3.25;
  table.Set(CalibrationTable::Name(true, true), calibration);
  const auto read = CalibrationTable::FromJson(table.ToJson());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->Find("greedy"), nullptr);
  ASSERT_NE(read->Find("beam+lm"), nullptr);
  EXPECT_EQ(read->Find("beam+lm")->confidence, calibration.confidence);
  EXPECT_EQ(read->Find("beam+lm")->stability, calibration.stability);
}

TEST(CalibrationTableTest, ReadsConfidenceFromBeforeThereWereMisspellings) {
  const auto read = CalibrationTable::FromJson(
      R"({"beam": {"confidence": [1,2,3,4,5,6,7], "stability": [1,2,3,4,5]}})");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->Find("beam")->confidence, testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 0, 0));
}

TEST(CalibrationTableTest, ErrorsNameTheField) {
  const auto error = [](const std::string& json) {
    return std::string(CalibrationTable::FromJson(json).status().message());
  };
  EXPECT_THAT(error(""), HasSubstr("rill.calibration: the value"));
  EXPECT_THAT(error("[]"), HasSubstr("rill.calibration: the value"));
  EXPECT_THAT(error(std::string(100000, '[')), HasSubstr("rill.calibration: the value"));
  EXPECT_THAT(error(R"({"beam": 3})"), HasSubstr("beam is not"));
  EXPECT_THAT(error(R"({"beam": {}})"), HasSubstr("beam.confidence must be 9 numbers"));
  EXPECT_THAT(error(R"({"beam": {"confidence": [1,2,3,4,5,6,"a"]}})"),
              HasSubstr("beam.confidence must be"));
  EXPECT_THAT(error(R"({"beam": {"confidence": [1,2,3,4,5,6,1e9]}})"),
              HasSubstr("beam.confidence has a number beyond"));
  EXPECT_THAT(error(R"({"beam": {"confidence": [1,2,3,4,5,6,7], "stability": [1]}})"),
              HasSubstr("beam.stability must be 5 numbers"));
  EXPECT_THAT(error(R"({"beam": {"confidence": [1,2,3,4,5,6,7], "stability": [1,2,3,4,5,6,7]}})"),
              HasSubstr("beam.stability must be 5 numbers"));
}

}  // namespace
}  // namespace rill
