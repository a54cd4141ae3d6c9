#include "model/training/data/teacher_codes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class TeacherCodesTest : public testing::Test {
 protected:
  TeacherCodesTest() {
    manifest_.name = "c";
    manifest_.file = "c/manifest.tsv";
    for (const char* path : {"a.wav", "b.wav"}) {
      manifest_.clips.push_back({2, path, "s", 0.3, "hello"});
    }
  }

  absl::StatusOr<std::unique_ptr<TeacherCodes>> Open(const std::string& lines) {
    WriteFile(folder_, "codes/c.codes.tsv", "path\tframes\tcodes\n" + lines);
    return TeacherCodes::Open(folder_ / "codes", manifest_);
  }

  static std::string Line(const std::string& path, int frames, const std::string& codes) {
    return absl::StrCat(path, "\t", frames, "\t", absl::Base64Escape(codes), "\n");
  }

  void ExpectError(const std::string& lines, const std::string& line, const std::string& what) {
    const auto codes = Open(lines);
    ASSERT_FALSE(codes.ok()) << lines;
    EXPECT_EQ(codes.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(codes.status().message()),
                AllOf(HasSubstr("c.codes.tsv:" + line), HasSubstr(what)));
  }

  TemporaryFolder folder_;
  Manifest manifest_;
};

TEST_F(TeacherCodesTest, AFrameKnowsWhatTheTeacherHeardAFrameBefore) {
  const auto codes = Open(Line("a.wav", 4, "aAbBcCdD") + Line("b.wav", 0, ""));
  ASSERT_TRUE(codes.ok()) << codes.status();
  EXPECT_EQ((*codes)->groups(), 2);
  EXPECT_THAT((*codes)->Get(0, 1, 0, 4), ElementsAre('a', 'A', 'a', 'A', 'b', 'B', 'c', 'C'));
  EXPECT_THAT((*codes)->Get(1, 1, 0, 4), ElementsAre());
}

TEST_F(TeacherCodesTest, SpeechHeardFasterPassesFaster) {
  std::string ramp;
  for (int t = 0; t < 100; ++t) ramp += static_cast<char>(t);
  manifest_.clips[0].seconds = 4.01;
  const auto codes = Open(Line("a.wav", 100, ramp) + Line("b.wav", 1, "x"));
  ASSERT_TRUE(codes.ok()) << codes.status();
  for (const double speed : {0.9, 1.0, 1.1}) {
    for (const int64_t cut : {0, 3}) {
      const auto frames = static_cast<int64_t>(100 / speed) - 1;
      const std::vector<uint8_t> heard = (*codes)->Get(0, speed, cut, frames);
      ASSERT_EQ(static_cast<int64_t>(heard.size()), frames);
      for (int64_t t = 1; t < frames; ++t) {
        const double before = static_cast<double>(t) - 1 + static_cast<double>(cut) / 4;
        EXPECT_NEAR(heard[t], before * speed, 1.0) << speed << " " << t;
      }
    }
  }
  EXPECT_THAT((*codes)->Get(0, 2, 0, 60)[59], 99);  // the last one again
}

TEST_F(TeacherCodesTest, NoFileIsNoTeacher) {
  const auto codes = TeacherCodes::Open(folder_ / "codes", manifest_);
  ASSERT_TRUE(codes.ok()) << codes.status();
  EXPECT_EQ(*codes, nullptr);
}

TEST_F(TeacherCodesTest, NamesTheLineAtFault) {
  const std::string a = Line("a.wav", 2, "xyxy"), b = Line("b.wav", 1, "xy");
  ASSERT_TRUE(Open(a + b).ok());
  ExpectError(a, "2", "ends here");
  ExpectError(a + b + b, "4", "more clips");
  ExpectError(b + a, "2", "has b.wav of 1 frames");
  ExpectError(Line("a.wav", 21, std::string(42, 'x')) + b, "2", "a.wav of 0.3 s");
  ExpectError(Line("a.wav", 2, std::string(130, 'x')) + b, "2", "130 codes");
  ExpectError(a + Line("b.wav", 1, "xyz"), "3", "3 codes for 1 frames of 2");
  ExpectError(Line("a.wav", 2, "") + b, "2", "0 codes");
  ExpectError(a + "b.wav\t1\t!!\n", "3", "base64");
  ExpectError(a + "b.wav\t-1\t\n", "3", "number of frames");
  ExpectError(a + "b.wav\n", "3", "number of frames");
  WriteFile(folder_, "codes/c.codes.tsv", "path\n");
  const auto headless = TeacherCodes::Open(folder_ / "codes", manifest_);
  EXPECT_THAT(std::string(headless.status().message()), HasSubstr("header"));
}

}  // namespace
}  // namespace rill::training
