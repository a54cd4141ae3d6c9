#include "model/decoder/endpointer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rill {
namespace {

using ::testing::HasSubstr;

UtteranceState Words(int64_t length_ms, int64_t silence_ms) {
  return {true, length_ms, silence_ms};
}
UtteranceState Nothing(int64_t length_ms) { return {false, length_ms, length_ms}; }

TEST(EndpointerTest, SilenceAfterWords) {
  const EndpointRules rules;
  EXPECT_EQ(FindEndpoint(rules, Words(5000, 999)), Endpoint::kNone);
  EXPECT_EQ(FindEndpoint(rules, Words(5000, 1000)), Endpoint::kSilence);
}

TEST(EndpointerTest, SilenceWithoutWordsIsOffUnlessAskedFor) {
  EndpointRules rules;
  EXPECT_EQ(FindEndpoint(rules, Nothing(3600000)), Endpoint::kNone);
  rules.silence_without_words_ms = 4000;
  EXPECT_EQ(FindEndpoint(rules, Nothing(3999)), Endpoint::kNone);
  EXPECT_EQ(FindEndpoint(rules, Nothing(4000)), Endpoint::kSilence);
  EXPECT_EQ(FindEndpoint(rules, Words(4000, 0)), Endpoint::kNone);
}

TEST(EndpointerTest, LongUtterancesAreCut) {
  EndpointRules rules;
  EXPECT_EQ(FindEndpoint(rules, Words(19999, 0)), Endpoint::kNone);
  EXPECT_EQ(FindEndpoint(rules, Words(20000, 0)), Endpoint::kTooLong);
  EXPECT_EQ(FindEndpoint(rules, Words(20000, 1000)), Endpoint::kSilence);
  rules.max_utterance_ms = 0;
  EXPECT_EQ(FindEndpoint(rules, Words(3600000, 0)), Endpoint::kNone);
}

TEST(EndpointerTest, DisabledRulesNeverEndAnything) {
  EndpointRules rules;
  rules.enabled = false;
  rules.silence_without_words_ms = 1;
  EXPECT_EQ(FindEndpoint(rules, Words(3600000, 3600000)), Endpoint::kNone);
  EXPECT_EQ(FindEndpoint(rules, Nothing(3600000)), Endpoint::kNone);
}

TEST(EndpointerTest, SpeechBeginsWhenItsFirstWordHasStayedForAWhile) {
  EXPECT_FALSE(SpeechHasBegun(Nothing(5000)));
  EXPECT_FALSE(SpeechHasBegun(Words(kCertainSpeechMs - 40, 0)));
  EXPECT_TRUE(SpeechHasBegun(Words(kCertainSpeechMs, 0)));
}

TEST(EndpointerTest, SpeechWhoseWordsWereTakenBackFades) {
  EndpointRules rules;
  UtteranceState state;
  state.trailing_silence_ms = 960;
  EXPECT_FALSE(SpeechHasFaded(rules, state));
  state.trailing_silence_ms = 1000;
  EXPECT_TRUE(SpeechHasFaded(rules, state));
  state.has_words = true;
  EXPECT_FALSE(SpeechHasFaded(rules, state));  // an endpoint's matter
  state.has_words = false;
  rules.enabled = false;
  EXPECT_FALSE(SpeechHasFaded(rules, state));
}

TEST(EndpointerTest, BadRulesAreNamed) {
  EXPECT_TRUE(EndpointRules().Validate().ok());
  const auto error = [](int EndpointRules::*field, int value) {
    EndpointRules rules;
    rules.*field = value;
    return std::string(rules.Validate().message());
  };
  for (const int value : {-1, 3600001}) {
    EXPECT_THAT(error(&EndpointRules::silence_after_words_ms, value),
                HasSubstr("silence_after_words_ms"));
    EXPECT_THAT(error(&EndpointRules::silence_without_words_ms, value),
                HasSubstr("silence_without_words_ms"));
    EXPECT_THAT(error(&EndpointRules::max_utterance_ms, value), HasSubstr("max_utterance_ms"));
  }
  EXPECT_THAT(error(&EndpointRules::silence_after_words_ms, 0),
              HasSubstr("silence_after_words_ms"));
  EXPECT_THAT(error(&EndpointRules::max_utterance_ms, 999), HasSubstr("max_utterance_ms"));
  EXPECT_EQ(error(&EndpointRules::max_utterance_ms, 0), "");
}

}  // namespace
}  // namespace rill
