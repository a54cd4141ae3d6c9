#include "model/training/run/folder_lock.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace rill::training {
namespace {

TEST(FolderLockTest, OneHolderAtATime) {
  const TemporaryFolder folder;
  {
    const absl::StatusOr<FolderLock> first = FolderLock::Take(folder / "a/b");
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_EQ(FolderLock::Take(folder / "a/b").status().code(),
              absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(FolderLock::Take(folder / "a/c").ok());
  }
  EXPECT_TRUE(FolderLock::Take(folder / "a/b").ok());
}

TEST(FolderLockTest, SaysWhichFolderCannotBeMade) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "not a folder";
  const absl::Status status = FolderLock::Take(folder / "file").status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(std::string(status.message()).find(folder / "file"), std::string::npos) << status;
}

}  // namespace
}  // namespace rill::training
