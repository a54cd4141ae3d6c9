#include "model/paper/generate/image_set.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/temporary_folder.h"

namespace rill::paper {
namespace {

// Two images of 2 x 4.
const std::string kFile = std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x04", 16) +
                          std::string("\0\x02\x0A\x0A\x04\x06\x0A\x0B", 8) + std::string(8, '\xFF');

class ImageSetTest : public ::testing::Test {
 protected:
  absl::StatusOr<ImageSet> Read(const std::string& bytes, int64_t shrink) {
    const std::string path = folder_ / "images.gz";
    const gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return ReadImages(path, shrink);
  }

  TemporaryFolder folder_;
};

TEST_F(ImageSetTest, ReadsPixels) {
  const auto set = Read(kFile, 1);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->rows, 2);
  EXPECT_EQ(set->columns, 4);
  EXPECT_TRUE(set->pixels[0].equal(at::tensor({0, 2, 10, 10, 4, 6, 10, 11}, at::kByte)));
  EXPECT_EQ(set->pixels[1].min().item<int>(), 255);
}

TEST_F(ImageSetTest, ShrinksToMeans) {
  const auto set = Read(kFile, 2);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->rows, 1);
  EXPECT_TRUE(set->pixels[0].equal(at::tensor({3, 10}, at::kByte)));
}

TEST_F(ImageSetTest, DamageIsAnError) {
  EXPECT_TRUE(absl::IsNotFound(ReadImages(folder_ / "none", 1).status()));
  for (size_t size = 0; size < kFile.size(); ++size) {
    EXPECT_FALSE(Read(kFile.substr(0, size), 1).ok()) << size;
  }
  EXPECT_FALSE(Read(kFile, 3).ok());
  EXPECT_FALSE(Read(kFile, 0).ok());
  for (const size_t at : {2, 4, 8, 12}) {  // the magic; absurd counts and sides
    std::string damaged = kFile;
    damaged[at] = '\x7F';
    EXPECT_FALSE(Read(damaged, 1).ok()) << at;
  }
}

}  // namespace
}  // namespace rill::paper
