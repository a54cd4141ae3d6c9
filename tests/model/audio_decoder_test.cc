#include "model/audio/audio_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>

#include <cstdio>

#include "model/audio/audio_file.h"
#include "tests/model/audio_bytes.h"

namespace rill {
namespace {

using testing::HasSubstr;

TEST(AudioDecoderTest, TellsWavFromFlac) {
  const std::vector<float> tones = Tones(2, 44100, 9000);
  for (const int container : {SF_FORMAT_WAV, SF_FORMAT_FLAC}) {
    const Bytes bytes = Encode(tones, 2, 44100, container | SF_FORMAT_PCM_16);
    const AudioEncoding encoding =
        container == SF_FORMAT_WAV ? AudioEncoding::kWav : AudioEncoding::kFlac;
    const Decoded expected = Decode({encoding, 44100, 2}, bytes);
    ASSERT_TRUE(expected.status.ok()) << expected.status;
    for (const size_t longest : {size_t{1}, size_t{3}, SIZE_MAX}) {
      const Decoded decoded = Decode({}, bytes, longest);
      EXPECT_TRUE(decoded.status.ok()) << decoded.status;
      EXPECT_EQ(decoded.samples, expected.samples);
    }
  }
}

TEST(AudioDecoderTest, NothingElseIsGuessed) {
  for (const size_t longest : {1, 100}) {
    EXPECT_THAT(std::string(Decode({}, Bytes(100, 0), longest).status.message()),
                HasSubstr("neither WAV nor FLAC"));
  }
  EXPECT_THAT(std::string(Decode({}, {'R', 'I'}).status.message()), HasSubstr("2 bytes"));
  const Bytes opus = ReadBytes(TestClip("cards.opus"));
  EXPECT_THAT(std::string(Decode({}, opus).status.message()), HasSubstr("OggS"));
}

AudioFormat MayHaveHeader(AudioEncoding encoding, int rate, int channels = 1) {
  AudioFormat format = {encoding, rate, channels};
  format.may_have_header = true;
  return format;
}

TEST(AudioDecoderTest, AHeaderThatMayBeThereIsBelieved) {
  const std::vector<float> tones = Tones(2, 44100, 9000);
  for (const int container : {SF_FORMAT_WAV, SF_FORMAT_FLAC}) {
    const Bytes bytes = Encode(tones, 2, 44100, container | SF_FORMAT_PCM_16);
    const Decoded expected = Decode({}, bytes);
    ASSERT_TRUE(expected.status.ok()) << expected.status;
    for (const AudioEncoding encoding : {AudioEncoding::kLinear16, AudioEncoding::kMuLaw}) {
      for (const size_t longest : {size_t{1}, size_t{3}, SIZE_MAX}) {
        const Decoded decoded = Decode(MayHaveHeader(encoding, 8000, 3), bytes, longest);
        EXPECT_TRUE(decoded.status.ok()) << decoded.status;
        EXPECT_EQ(decoded.samples, expected.samples);
      }
    }
  }
}

TEST(AudioDecoderTest, WithoutThatHeaderAudioIsRaw) {
  Bytes bytes(3001);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * i);
  for (const AudioEncoding encoding :
       {AudioEncoding::kLinear16, AudioEncoding::kFloat32, AudioEncoding::kMuLaw}) {
    for (const size_t size : {0, 1, 2, 3, 4, 5, 3001}) {
      const Bytes beginning(bytes.begin(), bytes.begin() + size);
      const Decoded expected = Decode({encoding, 8000, 1}, beginning);
      for (const size_t longest : {1, 1000}) {
        const Decoded decoded = Decode(MayHaveHeader(encoding, 8000), beginning, longest);
        EXPECT_TRUE(decoded.status.ok()) << decoded.status;
        EXPECT_EQ(decoded.samples, expected.samples) << size;
      }
    }
  }
  const Bytes opus = ReadBytes(TestClip("cards.opus"));
  EXPECT_THAT(
      std::string(Decode(MayHaveHeader(AudioEncoding::kLinear16, 16000), opus).status.message()),
      HasSubstr("Ogg"));
}

TEST(AudioDecoderTest, NoBytesAreNoError) {
  for (const AudioEncoding encoding :
       {AudioEncoding::kAuto, AudioEncoding::kWav, AudioEncoding::kFlac}) {
    const Decoded decoded = Decode({encoding, 0, 0}, {});
    EXPECT_TRUE(decoded.status.ok()) << decoded.status;
    EXPECT_TRUE(decoded.samples.empty());
  }
}

TEST(AudioDecoderTest, EqualsTheFileReader) {
  const std::vector<float> tones = Tones(1, 22050, 30000);
  const Bytes bytes = Encode(tones, 1, 22050, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  const std::string path = WriteTemporary(bytes);
  const absl::StatusOr<std::vector<float>> expected = ReadAudioFileAt(path, 16000);
  std::remove(path.c_str());
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_EQ(Decode({}, bytes, 999).samples, *expected);

  const absl::StatusOr<std::vector<float>> clip = ReadAudioFileAt(TestClip("amiable.flac"), 16000);
  ASSERT_TRUE(clip.ok()) << clip.status();
  EXPECT_EQ(Decode({}, ReadBytes(TestClip("amiable.flac")), 999).samples, *clip);
}

TEST(AudioDecoderTest, BadFormatsMakeNoDecoder) {
  EXPECT_FALSE(AudioDecoder::Create({AudioEncoding::kLinear16, 0, 1}).ok());
  EXPECT_FALSE(AudioDecoder::Create({AudioEncoding::kFlac, 0, 1}, 0).ok());
}

TEST(AudioDecoderTest, ErrorsAreFinal) {
  auto decoder = AudioDecoder::Create({});
  ASSERT_TRUE(decoder.ok());
  std::vector<float> samples;
  const Bytes noise(10, 1);
  const absl::Status first = (*decoder)->Accept(noise, &samples);
  EXPECT_FALSE(first.ok());
  EXPECT_EQ((*decoder)->Accept(ReadBytes(TestClip("amiable.flac")), &samples), first);
  EXPECT_EQ((*decoder)->Finish(&samples), first);
  EXPECT_TRUE(samples.empty());
}

TEST(AudioDecoderTest, NothingComesAfterTheEnd) {
  auto decoder = AudioDecoder::Create({AudioEncoding::kLinear16, 8000, 1});
  ASSERT_TRUE(decoder.ok());
  std::vector<float> samples;
  EXPECT_TRUE((*decoder)->Finish(&samples).ok());
  EXPECT_TRUE((*decoder)->Finish(&samples).ok());
  EXPECT_EQ((*decoder)->Accept(Bytes(10), &samples).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace rill
