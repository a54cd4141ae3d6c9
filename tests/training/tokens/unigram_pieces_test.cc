#include "model/training/tokens/unigram_pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "model/training/data/token_table.h"

namespace rill::training {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kWords = {"the",   "then",  "there", "other", "bother",
                                         "in",    "inn",   "thing", "king",  "ring",
                                         "bring", "don't", "naïve", "a"};

std::vector<std::string> Texts(int count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::string> texts(count);
  for (std::string& text : texts) {
    for (uint32_t words = 1 + random() % 8; words > 0; --words) {
      text += (text.empty() ? "" : " ") + kWords[random() % kWords.size()];
    }
  }
  return texts;
}

std::vector<UnigramPiece> Pieces(int size) {
  std::vector<UnigramPiece> pieces;
  EXPECT_EQ(MakeUnigramPieces(Texts(300, 1), size, &pieces), "");
  return pieces;
}

TEST(UnigramPiecesTest, ThereAreAsManyAsAskedForAndAllCharactersAreAmongThem) {
  const std::vector<UnigramPiece> pieces = Pieces(28);
  EXPECT_EQ(pieces.size(), 27u);  // the blank is one
  std::set<std::string> texts;
  for (const UnigramPiece& piece : pieces) {
    EXPECT_TRUE(texts.insert(piece.text).second) << piece.text;
    EXPECT_LT(piece.text.find_last_of(' ') + 1, 2u) << "'" << piece.text << "': spaces come first";
    EXPECT_LT(piece.score, 0);
  }
  for (const char* character : {" ", "a", "t", "'", "ï"}) EXPECT_EQ(texts.count(character), 1u);
  EXPECT_TRUE(texts.count(" the") > 0 || texts.count("the") > 0);
}

TEST(UnigramPiecesTest, TheSameTextsGiveTheSamePieces) {
  const std::vector<UnigramPiece> a = Pieces(28), b = Pieces(28);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].text, b[i].text);
    EXPECT_EQ(a[i].score, b[i].score);
  }
}

TEST(UnigramPiecesTest, WhatCannotBeIsSaid) {
  std::vector<UnigramPiece> pieces;
  EXPECT_NE(MakeUnigramPieces(Texts(300, 1), 10, &pieces), "") << "fewer than characters";
  EXPECT_THAT(MakeUnigramPieces(Texts(300, 1), 5000, &pieces), HasSubstr("5000"));
  EXPECT_NE(MakeUnigramPieces({}, 28, &pieces), "");
}

// The words of a text, cut and joined again, are the text; and no other cut has a better score.
TEST(UnigramPiecesTest, TextsAreCutWhereTheScoreIsHighest) {
  const std::vector<UnigramPiece> pieces = Pieces(28);
  std::vector<std::string> tokens = {"<blank>"};
  std::vector<float> scores = {0};
  for (const UnigramPiece& piece : pieces) {
    tokens.push_back(piece.text);
    scores.push_back(piece.score);
  }
  const TokenTable table = *TokenTable::Create(tokens, scores);
  const std::function<double(const std::string&)> best = [&](const std::string& text) {
    if (text.empty()) return 0.0;
    double most = -1e9;
    for (size_t i = 1; i < tokens.size(); ++i) {
      if (text.rfind(tokens[i], 0) != 0) continue;
      most = std::max(most, scores[i] + best(text.substr(tokens[i].size())));
    }
    return most;
  };
  for (const std::string& word : kWords) {
    for (const std::string& text : {word, word + " a"}) {
      std::string joined;
      double score = 0;
      const auto labels = table.Encode(text);
      ASSERT_TRUE(labels.ok()) << labels.status();
      for (const int32_t label : *labels) {
        joined += tokens[label];
        score += scores[label];
      }
      EXPECT_EQ(joined, " " + text);
      EXPECT_NEAR(score, best(" " + text), 1e-9) << text;
    }
  }
}

}  // namespace
}  // namespace rill::training
