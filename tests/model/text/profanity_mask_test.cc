#include "model/text/profanity_mask.h"

#include <gtest/gtest.h>

namespace rill {
namespace {

Hypothesis Of(std::vector<std::string> words) {
  Hypothesis hypothesis;
  for (std::string& word : words) hypothesis.words.push_back({std::move(word), 1, 2, 0.5f});
  return hypothesis;
}

TEST(ProfanityMaskTest, MasksWholeWordsOnly) {
  const Hypothesis masked =
      ProfanityMask().Apply(Of({"what", "the", "fuck", "scunthorpe", "shits"}));
  EXPECT_EQ(masked.text, "what the f*** scunthorpe s****");
  EXPECT_EQ(masked.words[2].text, "f***");
  EXPECT_EQ(masked.words[2].start, 1);
}

TEST(ProfanityMaskTest, TakesAListOfOnesOwn) {
  const ProfanityMask mask({"quark", "über", "", "x"});
  EXPECT_EQ(mask.Apply(Of({"quark", "über", "fuck", "", "x"})).text, "q**** ü*** fuck  x");
}

}  // namespace
}  // namespace rill
