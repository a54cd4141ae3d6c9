#include "model/training/data/error_rate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "model/training/data/random.h"

namespace rill::training {
namespace {

void ExpectCounts(const EditCounts& counts, int64_t substitutions, int64_t deletions,
                  int64_t insertions, int64_t reference) {
  EXPECT_EQ(counts.substitutions, substitutions);
  EXPECT_EQ(counts.deletions, deletions);
  EXPECT_EQ(counts.insertions, insertions);
  EXPECT_EQ(counts.reference, reference);
}

TEST(ErrorRateTest, CountsEachKindOfError) {
  ExpectCounts(WordErrors("the cat sat", "the cat sat"), 0, 0, 0, 3);
  ExpectCounts(WordErrors("the cat sat", "the dog sat"), 1, 0, 0, 3);
  ExpectCounts(WordErrors("the cat sat", "the sat"), 0, 1, 0, 3);
  ExpectCounts(WordErrors("the cat sat", "the big cat sat"), 0, 0, 1, 3);
  ExpectCounts(WordErrors("a b c d", "b c x d y"), 0, 1, 2, 4);
  ExpectCounts(WordErrors("a b c", ""), 0, 3, 0, 3);
  ExpectCounts(WordErrors("", "a b"), 0, 0, 2, 0);
  ExpectCounts(WordErrors(" a\t b ", "a b"), 0, 0, 0, 2);
}

TEST(ErrorRateTest, CharactersIncludeOneBlankBetweenWords) {
  ExpectCounts(CharacterErrors("kitten", "sitting"), 2, 0, 1, 6);
  ExpectCounts(CharacterErrors("ab cd", "abcd"), 0, 1, 0, 5);
  ExpectCounts(CharacterErrors("ab  cd ", "ab cd"), 0, 0, 0, 5);
  ExpectCounts(CharacterErrors("äö", "aö"), 1, 0, 0, 2);  // code points, not bytes
}

TEST(ErrorRateTest, RateIsPerCentOfTheReference) {
  EXPECT_DOUBLE_EQ(WordErrors("a b c d", "a b c").rate(), 25);
  EXPECT_DOUBLE_EQ(WordErrors("a", "x y z").rate(), 300);
  EXPECT_DOUBLE_EQ(WordErrors("", "").rate(), 0);
  EXPECT_DOUBLE_EQ(WordErrors("", "x").rate(), 100);
}

TEST(ErrorRateTest, TablesSumByCorpus) {
  ErrorTable table;
  table["one"].Add("a b", "a c");
  table["one"].Add("a", "a");
  table["two"].Add("x y", "");
  EXPECT_DOUBLE_EQ(table["one"].words.rate(), 100.0 / 3);
  EXPECT_DOUBLE_EQ(table["one"].characters.rate(), 25);
  ErrorRates all;
  for (const auto& [name, rates] : table) all += rates;
  EXPECT_DOUBLE_EQ(all.words.rate(), 60);
}

// Distance is a metric: symmetric but for the names of the errors, bounded, and at least the
// difference in length.
TEST(ErrorRateTest, IsAMetric) {
  Random random({7});
  const auto draw = [&random] {
    std::string text;
    for (int64_t i = random.Below(12); i > 0; --i) text += static_cast<char>('a' + random.Below(3));
    return text;
  };
  for (int i = 0; i < 500; ++i) {
    const std::string a = draw(), b = draw(), c = draw();
    const EditCounts ab = CharacterErrors(a, b), ba = CharacterErrors(b, a);
    EXPECT_EQ(ab.errors(), ba.errors());
    EXPECT_EQ(ab.insertions - ab.deletions,
              static_cast<int64_t>(b.size()) - static_cast<int64_t>(a.size()));
    EXPECT_LE(ab.errors(), static_cast<int64_t>(std::max(a.size(), b.size())));
    EXPECT_LE(CharacterErrors(a, c).errors(), ab.errors() + CharacterErrors(b, c).errors());
    EXPECT_EQ(ab.errors() == 0, a == b);
  }
}

}  // namespace
}  // namespace rill::training
