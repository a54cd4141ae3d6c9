#include <FLAC/stream_encoder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>

#include <cstdio>

#include "model/audio/audio_file.h"
#include "model/audio/flac_decoder.h"
#include "tests/model/audio_bytes.h"

namespace rill {
namespace {

using testing::HasSubstr;

const AudioFormat kFlacFormat = {AudioEncoding::kFlac, 0, 0};
constexpr size_t kFirstBlockEnd = 4 + 4 + FlacStreamInfo::kBytes;

std::string ErrorOf(const Bytes& flac, const AudioFormat& format = kFlacFormat) {
  const absl::Status status = Decode(format, flac).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

Bytes MonoTones(size_t frames) {
  return Encode(Tones(1, 16000, frames), 1, 16000, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
}

class FlacFormatTest : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(FlacFormatTest, EqualsLibsndfileInAnyCut) {
  const auto [subtype, channels] = GetParam();
  const Bytes bytes =
      Encode(Tones(channels, 16000, 10001), channels, 16000, SF_FORMAT_FLAC | subtype);
  const std::string path = WriteTemporary(bytes);
  const absl::StatusOr<AudioClip> expected = ReadAudioFile(path);
  std::remove(path.c_str());
  ASSERT_TRUE(expected.ok()) << expected.status();
  const Decoded decoded = Decode(kFlacFormat, bytes);
  ASSERT_TRUE(decoded.status.ok()) << decoded.status;
  ASSERT_EQ(decoded.samples.size(), 10001u);
  for (size_t i = 0; i < 10001; ++i) {
    ASSERT_NEAR(decoded.samples[i], expected->samples[i], 1e-6) << i;
  }
  for (const size_t longest : {1, 10, 1000, 20000}) {
    const Decoded pieces = Decode(kFlacFormat, bytes, longest);
    EXPECT_TRUE(pieces.status.ok()) << pieces.status;
    EXPECT_EQ(pieces.samples, decoded.samples) << longest;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, FlacFormatTest,
                         testing::Combine(testing::Values(SF_FORMAT_PCM_S8, SF_FORMAT_PCM_16,
                                                          SF_FORMAT_PCM_24),
                                          testing::Values(1, 2, 8)));

// Silence in the largest blocks there are: some 20 million samples.
Bytes Bomb() {
  Bytes bytes;
  const auto write = [](const FLAC__StreamEncoder*, const FLAC__byte* data, size_t size, uint32_t,
                        uint32_t, void* to) {
    static_cast<Bytes*>(to)->insert(static_cast<Bytes*>(to)->end(), data, data + size);
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
  };
  FLAC__StreamEncoder* encoder = FLAC__stream_encoder_new();
  FLAC__stream_encoder_set_streamable_subset(encoder, false);
  FLAC__stream_encoder_set_channels(encoder, 1);
  FLAC__stream_encoder_set_bits_per_sample(encoder, 16);
  FLAC__stream_encoder_set_sample_rate(encoder, 16000);
  FLAC__stream_encoder_set_blocksize(encoder, 65535);
  FLAC__stream_encoder_init_stream(encoder, write, nullptr, nullptr, nullptr, &bytes);
  const std::vector<FLAC__int32> silence(65535);
  while (bytes.size() < 5000) {
    FLAC__stream_encoder_process_interleaved(encoder, silence.data(), silence.size());
  }
  FLAC__stream_encoder_finish(encoder);
  FLAC__stream_encoder_delete(encoder);
  return bytes;
}

TEST(FlacDecoderTest, AFewBytesDoNotBecomeGigabytes) {
  const Bytes bomb = Bomb();
  auto decoder = AudioDecoder::Create(kFlacFormat);
  ASSERT_TRUE(decoder.ok());
  std::vector<float> samples;
  const absl::Status status = (*decoder)->Accept(bomb, &samples);
  EXPECT_THAT(status.ToString(), HasSubstr("FLAC: more than"));
  EXPECT_LT(samples.size(), 5u << 20);
}

TEST(FlacDecoderTest, GivesAFrameWhenItIsWhole) {
  const Bytes bytes = ReadBytes(TestClip("amiable.flac"));
  auto decoder = AudioDecoder::Create(kFlacFormat);
  ASSERT_TRUE(decoder.ok());
  std::vector<float> samples;
  // All but the last eighth of the clip: all but the last frames have come out.
  ASSERT_TRUE(
      (*decoder)->Accept(absl::MakeConstSpan(bytes).first(bytes.size() * 7 / 8), &samples).ok());
  EXPECT_GT(samples.size(), 3.29 * 16000 * 0.7);
}

TEST(FlacDecoderTest, ACutGivesTheWholeFramesThatCame) {
  const Bytes bytes = MonoTones(20000);
  const std::vector<float> expected = Decode(kFlacFormat, bytes).samples;
  size_t longest = 0;
  for (size_t size = kFirstBlockEnd; size < bytes.size(); size += 7) {
    const Decoded decoded = Decode(kFlacFormat, Bytes(bytes.begin(), bytes.begin() + size));
    if (!decoded.status.ok()) {
      // Still within the metadata.
      ASSERT_THAT(std::string(decoded.status.message()), HasSubstr("cut short")) << size;
      ASSERT_EQ(longest, 0u);
      continue;
    }
    ASSERT_GE(decoded.samples.size(), longest);
    longest = decoded.samples.size();
    ASSERT_TRUE(std::equal(decoded.samples.begin(), decoded.samples.end(), expected.begin()));
  }
  EXPECT_GE(longest, 16384u);
}

TEST(FlacDecoderTest, SkipsMetadataWithoutKeepingIt) {
  const Bytes bytes = MonoTones(5000);
  Bytes with_picture(bytes.begin(), bytes.begin() + kFirstBlockEnd);
  AppendText("\x06\xFF\xFF\xFF", &with_picture);
  AppendText(std::string(0xFFFFFF, 'p'), &with_picture);
  AppendText(std::string(bytes.begin() + kFirstBlockEnd, bytes.end()), &with_picture);
  const Decoded decoded = Decode(kFlacFormat, with_picture);
  ASSERT_TRUE(decoded.status.ok()) << decoded.status;
  EXPECT_EQ(decoded.samples, Decode(kFlacFormat, bytes).samples);
}

TEST(FlacDecoderTest, IgnoresWhatFollowsTheLastSample) {
  Bytes bytes = MonoTones(5000);
  const std::vector<float> expected = Decode(kFlacFormat, bytes).samples;
  AppendText("TAG", &bytes);
  bytes.resize(bytes.size() + 125, ' ');
  for (const size_t longest : {size_t{1}, size_t{100}, SIZE_MAX}) {
    const Decoded decoded = Decode(kFlacFormat, bytes, longest);
    EXPECT_TRUE(decoded.status.ok()) << decoded.status;
    EXPECT_EQ(decoded.samples, expected);
  }
}

TEST(FlacDecoderTest, ErrorsSayWhatIsWrong) {
  const Bytes bytes = MonoTones(20000);
  EXPECT_THAT(ErrorOf(bytes, {AudioEncoding::kFlac, 8000, 0}), HasSubstr("sample_rate"));
  EXPECT_THAT(ErrorOf(bytes, {AudioEncoding::kFlac, 0, 2}), HasSubstr("channels"));
  EXPECT_THAT(ErrorOf(Bytes(100, 'x')), HasSubstr("does not begin with fLaC"));
  EXPECT_THAT(ErrorOf(Bytes(bytes.begin(), bytes.begin() + 20)), HasSubstr("cut short"));

  Bytes no_stream_info = bytes;
  no_stream_info[4] = 4;
  EXPECT_THAT(ErrorOf(no_stream_info), HasSubstr("STREAMINFO must be the first block"));

  Bytes damaged = bytes;
  damaged[bytes.size() - 500] ^= 1;
  EXPECT_THAT(ErrorOf(damaged), HasSubstr("damaged after"));
}

TEST(FlacDecoderTest, AFrameLargerThanAnnouncedIsRejectedBeforeItIsKept) {
  Bytes bytes = MonoTones(5000);
  // STREAMINFO's maximum block size.
  bytes[10] = 0;
  bytes[11] = 16;
  for (const size_t longest : {size_t{64}, SIZE_MAX}) {
    const absl::Status status = Decode(kFlacFormat, bytes, longest).status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("maximum block size of 16"));
  }
}

TEST(FlacDecoderTest, YearsOfSilenceInAMessageAreRefused) {
  const Bytes bytes =
      Encode(std::vector<float>(4000 * 2000), 1, 4000, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  EXPECT_LT(bytes.size(), 100000u);
  const auto code = [&](size_t longest) {
    return Decode(kFlacFormat, bytes, longest, 1, 4000).status.code();
  };
  EXPECT_EQ(code(SIZE_MAX), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code(10000), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace rill
