#include "model/paper/run/result_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace rill::paper {
namespace {

using Line = ResultFile::Line;

class ResultFileTest : public ::testing::Test {
 protected:
  absl::StatusOr<ResultFile> Open(const Line& settings = {{"heads", 8}}) {
    return ResultFile::Open(path_, settings);
  }
  void AppendText(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }

  TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/results.jsonl";
};

TEST_F(ResultFileTest, KeepsLinesOverProcesses) {
  ASSERT_TRUE(Open()->Append({{"n", 1}, {"x", 0.5}}).ok());
  ASSERT_TRUE(Open()->Append({{"n", 2}}).ok());
  const auto file = Open();
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->lines().size(), 2u);
  EXPECT_EQ(*file->Find({{"n", 1}}), Line({{"n", 1}, {"x", 0.5}}));
  EXPECT_EQ(file->Find({{"n", 1}, {"x", 1}}), nullptr);
}

TEST_F(ResultFileTest, OtherSettingsAreRefusedByName) {
  ASSERT_TRUE(Open().ok());
  const absl::Status status = Open({{"heads", 4}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("heads"), std::string::npos);
}

TEST_F(ResultFileTest, ALineCutOffIsDropped) {
  ASSERT_TRUE(Open()->Append({{"n", 1}}).ok());
  AppendText("{\"n\": 2, \"x");
  ASSERT_EQ(Open()->lines().size(), 1u);
  ASSERT_TRUE(Open()->Append({{"n", 3}}).ok());
  const auto file = Open();
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->lines().size(), 2u);
}

TEST_F(ResultFileTest, AWholeLineWithoutItsEndIsKept) {
  ASSERT_TRUE(Open().ok());
  AppendText("{\"n\": 2}");
  ASSERT_TRUE(Open()->Append({{"n", 3}}).ok());
  EXPECT_EQ(Open()->lines().size(), 2u);
}

TEST_F(ResultFileTest, DamageIsNamed) {
  ASSERT_TRUE(Open()->Append({{"n", 1}}).ok());
  AppendText("what\n{\"n\": 2}\n");
  const absl::Status status = Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("line 3"), std::string::npos) << status;
}

TEST_F(ResultFileTest, AFileWithoutSettingsIsRefused) {
  AppendText("{\"n\": 2}\n");
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ResultFileTest, RemovesLines) {
  auto file = Open();
  for (const int n : {1, 2, 3}) ASSERT_TRUE(file->Append({{"n", n}}).ok());
  ASSERT_TRUE(file->Remove([](const Line& line) { return line["n"] == 2; }).ok());
  EXPECT_EQ(Open()->lines().size(), 2u);
}

}  // namespace
}  // namespace rill::paper
