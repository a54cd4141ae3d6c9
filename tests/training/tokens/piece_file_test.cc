#include "model/training/tokens/piece_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace rill::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PieceFileTest : public testing::Test {
 protected:
  absl::Status Read(const std::string& text) {
    std::ofstream(path_) << text;
    return ReadPieces(path_, &config_);
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_ / "tokens.vocab";
  ModelConfig config_ = *NamedModelConfig("tiny");
};

TEST_F(PieceFileTest, WhatIsWrittenIsRead) {
  ASSERT_TRUE(WritePieces(path_, {{" the", -1.25f}, {" ", -2.0f}, {"é", -0.1f}}).ok());
  ASSERT_TRUE(ReadPieces(path_, &config_).ok());
  EXPECT_THAT(config_.tokens, ElementsAre("<blank>", " the", " ", "é"));
  EXPECT_THAT(config_.token_scores, ElementsAre(0.0f, -1.25f, -2.0f, -0.1f));
}

TEST_F(PieceFileTest, ReadsWhatSpmTrainWrites) {
  ASSERT_TRUE(Read("<unk>\t0\n<s>\t0\n</s>\t0\n\xE2\x96\x81the\t-3.5\ns\t-4\n").ok());
  EXPECT_THAT(config_.tokens, ElementsAre("<blank>", " the", "s"));
  EXPECT_THAT(config_.token_scores, ElementsAre(0.0f, -3.5f, -4.0f));
}

TEST_F(PieceFileTest, NamesTheLineAtFault) {
  for (const char* wrong : {"the", "\t-3", "s\tx", "s\t"}) {
    EXPECT_THAT(Read(std::string("a\t-1\n") + wrong + "\n").ToString(),
                HasSubstr("tokens.vocab:2: must be a piece, a tab and its score"))
        << wrong;
  }
  EXPECT_THAT(Read("a\xE2\x96\x81\t-1\n").ToString(), HasSubstr(":1: a space may only begin"));
  EXPECT_THAT(Read("a\t-1\na\t-2\n").ToString(), HasSubstr("tokens[2] is there twice"));
  EXPECT_THAT(Read("a\tnan\n").ToString(), HasSubstr("token_scores[1] is not finite"));
  EXPECT_THAT(Read("").ToString(), HasSubstr("tokens.vocab"));
  EXPECT_EQ(ReadPieces(folder_ / "none", &config_).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace rill::training
