#include "model/audio/audio_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rill {
namespace {

using testing::HasSubstr;

TEST(AudioFormatTest, AcceptsWhatIsUsable) {
  EXPECT_TRUE(AudioFormat{}.Validate().ok());
  EXPECT_TRUE((AudioFormat{AudioEncoding::kWav, 0, 0}.Validate().ok()));
  EXPECT_TRUE((AudioFormat{AudioEncoding::kLinear16, 4000, 0}.Validate().ok()));
  EXPECT_TRUE((AudioFormat{AudioEncoding::kFloat32, 192000, 8}.Validate().ok()));
}

TEST(AudioFormatTest, NamesTheFieldAtFault) {
  const auto message = [](AudioEncoding encoding, int rate, int channels) {
    const absl::Status status = AudioFormat{encoding, rate, channels}.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(message(AudioEncoding::kLinear16, 0, 1), HasSubstr("sample_rate"));
  EXPECT_THAT(message(AudioEncoding::kFloat32, 3999, 1), HasSubstr("sample_rate"));
  EXPECT_THAT(message(AudioEncoding::kWav, 192001, 1), HasSubstr("sample_rate"));
  EXPECT_THAT(message(AudioEncoding::kAuto, -1, 1), HasSubstr("sample_rate"));
  EXPECT_THAT(message(AudioEncoding::kLinear16, 16000, 9), HasSubstr("channels"));
  EXPECT_THAT(message(AudioEncoding::kFlac, 0, -1), HasSubstr("channels"));
  EXPECT_THAT(message(static_cast<AudioEncoding>(99), 16000, 1), HasSubstr("encoding"));
}

TEST(AudioFormatTest, AHeaderMustAgreeWithWhatWasGiven) {
  const auto check = [](int rate, int channels) {
    return AudioFormat{AudioEncoding::kWav, rate, channels}.CheckHeader("WAV", 44100, 2);
  };
  EXPECT_TRUE(check(0, 0).ok());
  EXPECT_TRUE(check(44100, 1).ok());
  EXPECT_TRUE(check(44100, 2).ok());
  EXPECT_THAT(std::string(check(16000, 2).message()), HasSubstr("sample_rate: is 16000"));
  EXPECT_THAT(std::string(check(44100, 3).message()), HasSubstr("channels: is 3"));
}

}  // namespace
}  // namespace rill
