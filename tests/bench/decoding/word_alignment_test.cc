#include "tests/bench/decoding/word_alignment.h"

#include <gmock/gmock.h>

namespace rill {
namespace {

using testing::ElementsAre;

std::vector<int> References(const char* said, const char* heard) {
  std::vector<int> places;
  for (const AlignedWord& word : AlignWords(SplitWords(said), SplitWords(heard))) {
    places.push_back(word.correct ? word.reference : -2 - word.reference);
  }
  return places;
}

TEST(WordAlignmentTest, SplitsAtAnyBlanks) {
  EXPECT_THAT(SplitWords("  a bc\td "), ElementsAre("a", "bc", "d"));
  EXPECT_THAT(SplitWords(""), ElementsAre());
}

TEST(WordAlignmentTest, FindsWhatEachWordStandsFor) {
  EXPECT_THAT(References("a b c", "a b c"), ElementsAre(0, 1, 2));
  EXPECT_THAT(References("a b c", "a x c"), ElementsAre(0, -3, 2));  // instead of the second
  EXPECT_THAT(References("a b c", "a c"), ElementsAre(0, 2));        // one was missed
  EXPECT_THAT(References("a c", "a x c"), ElementsAre(0, -1, 1));    // one was made up
  EXPECT_THAT(References("", "a"), ElementsAre(-1));
  EXPECT_THAT(References("a", ""), ElementsAre());
}

}  // namespace
}  // namespace rill
