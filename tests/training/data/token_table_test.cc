#include "model/training/data/token_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/file/model_config.h"
#include "model/file/utf8.h"

namespace rill::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TokenTableTest, EncodesCharactersAndTidiesBlanks) {
  const auto table = TokenTable::Create({"<blank>", " ", "a", "é", "あ"});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->Encode("aé あ").value(), ElementsAre(2, 3, 1, 4));
  EXPECT_THAT(table->Encode("  a   a ").value(), ElementsAre(2, 1, 2));
  EXPECT_THAT(table->Encode("").value(), ElementsAre());
}

TEST(TokenTableTest, NamesTheCharacterThatIsNoToken) {
  const auto table = TokenTable::Create(CharacterTokens()).value();
  EXPECT_THAT(table.Encode("it's").value(), testing::SizeIs(4));
  const auto labels = table.Encode("naïve");
  EXPECT_EQ(labels.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(labels.status().message()), HasSubstr("'ï'"));
}

TEST(TokenTableTest, TheBlankCannotBeWritten) {
  const auto table = TokenTable::Create({"_", "a"}).value();
  EXPECT_FALSE(table.Encode("_").ok());
}

TEST(TokenTableTest, CutsTextsIntoTheLikeliestPieces) {
  const std::vector<std::string> tokens = {"<blank>", " ",   "t", "h",   "e",
                                           " th",     "the", "é", " the"};
  const auto encode = [&](const std::vector<float>& scores, const std::string& text) {
    return TokenTable::Create(tokens, scores)->Encode(text);
  };
  const std::vector<float> whole = {0, -2, -3, -3, -3, -2, -2, -5, -3};
  EXPECT_THAT(*encode(whole, "the"), ElementsAre(8));  // -3; " ", "the" is -4
  EXPECT_THAT(*encode(whole, " the  thé "), ElementsAre(8, 5, 7));
  EXPECT_THAT(*encode(whole, "e"), ElementsAre(1, 4));
  EXPECT_THAT(*encode(whole, "  "), ElementsAre());
  const std::vector<float> parts = {0, -1, -3, -3, -1, -2, -2, -5, -9};
  EXPECT_THAT(*encode(parts, "the"), testing::AnyOf(ElementsAre(1, 6), ElementsAre(5, 4)));
  const auto unknown = encode(whole, "the théx");
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("'x' in the text"));
}

TEST(TokenTableTest, RefusesTokensOfSeveralCharacters) {
  const auto table = TokenTable::Create({"<blank>", "a", "th"});
  EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(table.status().message()), HasSubstr("tokens[2]"));
  EXPECT_FALSE(TokenTable::Create({"<blank>", ""}).ok());
}

TEST(TokenTableTest, KnowsTheSpace) {
  EXPECT_EQ(TokenTable::Create({"<blank>", "a", " "})->space(), 2);
  EXPECT_EQ(TokenTable::Create({"<blank>", "a"})->space(), 0);
}

TEST(Utf8CharacterSizeTest, StaysInsideBrokenText) {
  EXPECT_EQ(Utf8CharacterSize("a"), 1u);
  EXPECT_EQ(Utf8CharacterSize("é"), 2u);
  EXPECT_EQ(Utf8CharacterSize("\xE3\x81"), 2u);  // cut short
  EXPECT_EQ(Utf8CharacterSize("\x80\x80\x80\x80\x80\x80"), 4u);
  EXPECT_EQ(Utf8CharacterSize("\xFFz"), 1u);
}

}  // namespace
}  // namespace rill::training
