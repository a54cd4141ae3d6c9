#include "model/language_model/pronunciations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kSmall[] =
    ";;; a comment T UW1\n"
    "\n"
    "to  T UW1\r\n"
    "to(2)\tT AH0\n"
    "sea S IY1 # of water\n"
    "two(1) T UW\n"
    "two W\n"
    "(2) T\n";

class PronunciationsTest : public ::testing::Test {
 protected:
  absl::StatusOr<Pronunciations> Read(const std::string& text) {
    WriteText(path_, text);
    return Pronunciations::Read(path_);
  }

  const TemporaryFolder folder_;
  const std::string path_ = folder_ / "small.dict";
};

TEST_F(PronunciationsTest, TheFirstOfAWordCountsAndStressIsDropped) {
  const auto read = Read(kSmall);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->phones(), ElementsAre("IY", "S", "T", "UW"));  // AH and W do not count
  EXPECT_EQ(read->words().size(), 4u);
  EXPECT_THAT(read->Find("to"), ElementsAre(3, 4));
  EXPECT_THAT(read->Find("two"), ElementsAre(3, 4));
  EXPECT_THAT(read->Find("sea"), ElementsAre(2, 1));
  EXPECT_THAT(read->Find("(2)"), ElementsAre(3));
  for (const char* other : {"", "to(2)", "t", ";;;", "of", "TO"}) {
    EXPECT_TRUE(read->Find(other).empty()) << other;
  }
}

TEST_F(PronunciationsTest, GzippedFilesAreRead) {
  gzFile file = gzopen(path_.c_str(), "wb");
  gzwrite(file, kSmall, sizeof(kSmall) - 1);
  gzclose(file);
  const auto read = Pronunciations::Read(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->Find("sea"), ElementsAre(2, 1));
}

TEST_F(PronunciationsTest, A255thPhoneIsTheLast) {
  std::string text;
  for (int i = 0; i < 255; ++i) {
    const std::string number = std::to_string(i);
    text.append("w").append(number).append(" P").append(number).append("_\n");
  }
  const auto read = Read(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->phones().size(), 255u);
  for (int i = 0; i < 255; ++i) {
    const std::string number = std::to_string(i);
    const absl::Span<const uint8_t> found = read->Find("w" + number);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(read->phones()[found[0] - 1], "P" + number + "_");
  }
  EXPECT_THAT(Read(text + "one P0_ more\n").status().ToString(),
              HasSubstr("small.dict:256: more than 255 different phones"));
}

TEST_F(PronunciationsTest, ErrorsNameTheLine) {
  const struct {
    std::string text, problem;
  } cases[] = {
      {"", "small.dict:0: there are no pronunciations"},
      {";;; a A\n\n", "small.dict:2: there are no pronunciations"},
      {"a AH0\nb\n", "small.dict:2: the word \"b\" has no phones"},
      {"a AH0\n\nb # c\n", "small.dict:3: the word \"b\" has no phones"},
      {"a 10\n", "small.dict:1: the phone \"10\" is not 1 to 16 printable"},
      {"a A\na \xc3\xa6\n", "small.dict:2: the phone \"\xc3\xa6\""},
      {"a A\x7f\n", "small.dict:1: the phone"},
      {"a abcdefghijklmnopq\n", "small.dict:1: the phone"},
      {"a A\nb " + std::string(70000, 'b') + "\n", "small.dict:2: the line has more than"},
  };
  for (const auto& test : cases) {
    const absl::Status status = Read(test.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.problem;
    EXPECT_THAT(status.ToString(), HasSubstr(test.problem));
  }
  EXPECT_TRUE(Read("a abcdefghijklmnop1\n").ok());
  EXPECT_TRUE(absl::IsNotFound(Pronunciations::Read(folder_ / "none").status()));
}

}  // namespace
}  // namespace rill
