#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>

#include <cstdio>

#include "model/audio/audio_file.h"
#include "model/audio/wav_decoder.h"
#include "tests/model/audio_bytes.h"

namespace rill {
namespace {

using testing::HasSubstr;

const AudioFormat kWavFormat = {AudioEncoding::kWav, 0, 0};

struct Chunk {
  std::string tag;
  Bytes body;
  int64_t declared_size = -1;  // that of the body if negative
};

Bytes Wav(const std::vector<Chunk>& chunks, const std::string& riff = "RIFF") {
  Bytes bytes;
  AppendText(riff, &bytes);
  Append32(0xFFFFFFFF, &bytes);
  AppendText("WAVE", &bytes);
  for (const Chunk& chunk : chunks) {
    AppendText(chunk.tag, &bytes);
    Append32(chunk.declared_size < 0 ? chunk.body.size() : chunk.declared_size, &bytes);
    bytes.insert(bytes.end(), chunk.body.begin(), chunk.body.end());
    if (chunk.body.size() % 2 == 1 && chunk.declared_size < 0) bytes.push_back(0);
  }
  return bytes;
}

Bytes Format(uint16_t tag, uint16_t channels, uint32_t rate, uint16_t bits, int frame_bytes = -1) {
  if (frame_bytes < 0) frame_bytes = channels * bits / 8;
  Bytes bytes;
  Append16(tag, &bytes);
  Append16(channels, &bytes);
  Append32(rate, &bytes);
  Append32(rate * frame_bytes, &bytes);
  Append16(frame_bytes, &bytes);
  Append16(bits, &bytes);
  return bytes;
}

const Bytes kMono16 = Format(1, 1, 16000, 16);
const Bytes kTwoSamples = {0, 0x40, 0, 0xC0};
const std::vector<float> kTwoValues = {0.5f, -0.5f};

std::string ErrorOf(const Bytes& wav, const AudioFormat& format = kWavFormat) {
  const absl::Status status = Decode(format, wav).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

// Every sample format, plain and extensible, against libsndfile.
class WavFormatTest : public testing::TestWithParam<int> {};

TEST_P(WavFormatTest, EqualsLibsndfile) {
  for (const int channels : {1, 2, 5}) {
    const Bytes bytes = Encode(Tones(channels, 16000, 3001), channels, 16000, GetParam());
    const std::string path = WriteTemporary(bytes);
    const absl::StatusOr<AudioClip> expected = ReadAudioFile(path);
    std::remove(path.c_str());
    ASSERT_TRUE(expected.ok()) << expected.status();
    const Decoded decoded = Decode(kWavFormat, bytes);
    ASSERT_TRUE(decoded.status.ok()) << decoded.status;
    ASSERT_EQ(decoded.samples.size(), 3001u);
    for (size_t i = 0; i < 3001; ++i) {
      ASSERT_NEAR(decoded.samples[i], expected->samples[i], 1e-6) << i;
    }
    for (const size_t longest : {1, 5, 300}) {
      EXPECT_EQ(Decode(kWavFormat, bytes, longest).samples, decoded.samples) << longest;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, WavFormatTest,
    testing::Values(SF_FORMAT_WAV | SF_FORMAT_PCM_U8, SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                    SF_FORMAT_WAV | SF_FORMAT_PCM_24, SF_FORMAT_WAV | SF_FORMAT_PCM_32,
                    SF_FORMAT_WAV | SF_FORMAT_FLOAT, SF_FORMAT_WAV | SF_FORMAT_DOUBLE,
                    SF_FORMAT_WAV | SF_FORMAT_ULAW, SF_FORMAT_WAV | SF_FORMAT_ALAW,
                    SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, SF_FORMAT_WAVEX | SF_FORMAT_PCM_24,
                    SF_FORMAT_WAVEX | SF_FORMAT_FLOAT, SF_FORMAT_WAVEX | SF_FORMAT_ULAW));

TEST(WavDecoderTest, SkipsOtherChunksInAnyOrder) {
  const Decoded decoded = Decode(kWavFormat, Wav({{"LIST", Bytes(33, 7)},
                                                  {"junk", {}},
                                                  {"fmt ", kMono16},
                                                  {"bext", Bytes(602)},
                                                  {"data", kTwoSamples},
                                                  {"id3 ", Bytes(100, 9)}}));
  EXPECT_TRUE(decoded.status.ok()) << decoded.status;
  EXPECT_EQ(decoded.samples, kTwoValues);
}

TEST(WavDecoderTest, DataOfUnknownSizeLastsToTheEnd) {
  for (const int64_t size : {int64_t{0}, int64_t{0xFFFFFFFF}, int64_t{0x7FFFFFFF}}) {
    const Decoded decoded =
        Decode(kWavFormat, Wav({{"fmt ", kMono16}, {"data", kTwoSamples, size}}));
    EXPECT_TRUE(decoded.status.ok()) << decoded.status;
    EXPECT_EQ(decoded.samples, kTwoValues) << size;
  }
}

TEST(WavDecoderTest, ACutGivesWhatCame) {
  const Bytes wav = Wav({{"fmt ", kMono16}, {"data", Bytes(1000, 1)}});
  const size_t header = wav.size() - 1000;
  for (size_t size = 1; size < wav.size(); ++size) {
    const Decoded decoded = Decode(kWavFormat, Bytes(wav.begin(), wav.begin() + size));
    if (size < header) {
      EXPECT_THAT(std::string(decoded.status.message()), HasSubstr("cut short")) << size;
    } else {
      EXPECT_TRUE(decoded.status.ok()) << decoded.status;
      EXPECT_EQ(decoded.samples.size(), (size - header) / 2);
    }
  }
}

TEST(WavDecoderTest, ErrorsNameTheField) {
  const auto with_format = [](const Bytes& format) {
    return ErrorOf(Wav({{"fmt ", format}, {"data", kTwoSamples}}));
  };
  EXPECT_THAT(with_format(Format(85, 1, 16000, 16)), HasSubstr("wFormatTag: 85"));
  EXPECT_THAT(with_format(Format(1, 1, 16000, 12, 2)), HasSubstr("wBitsPerSample: 12"));
  EXPECT_THAT(with_format(Format(3, 1, 16000, 16)), HasSubstr("wBitsPerSample: 16"));
  EXPECT_THAT(with_format(Format(1, 0, 16000, 16)), HasSubstr("channels"));
  EXPECT_THAT(with_format(Format(1, 9, 16000, 16)), HasSubstr("channels"));
  EXPECT_THAT(with_format(Format(1, 1, 0, 16)), HasSubstr("sample rate"));
  EXPECT_THAT(with_format(Format(1, 1, 0xFFFFFFFF, 16)), HasSubstr("sample rate"));
  EXPECT_THAT(with_format(Format(1, 2, 16000, 16, 2)), HasSubstr("nBlockAlign: is 2"));
  EXPECT_THAT(with_format(Format(0xFFFE, 1, 16000, 16)), HasSubstr("SubFormat"));
  EXPECT_THAT(with_format(Bytes(15)), HasSubstr("fmt chunk size"));
  EXPECT_THAT(with_format(Bytes(5000)), HasSubstr("fmt chunk size"));
  EXPECT_THAT(ErrorOf(Wav({{"data", kTwoSamples}})), HasSubstr("data chunk comes before"));
  EXPECT_THAT(ErrorOf(Wav({{"fmt ", kMono16}}, "RIFX")), HasSubstr("RIFF"));
  EXPECT_THAT(ErrorOf(Wav({{"LIST", {}, 0xFFFFFFF0}})), HasSubstr("size of chunk \"LIST\""));
  EXPECT_THAT(ErrorOf(Wav({{"\x01\xff\"\n", {}, 0x40000000}})), HasSubstr("\\x01\\xff"));
}

TEST(WavDecoderTest, ChunkHeadersWithoutEndAreRejected) {
  std::vector<Chunk> chunks(1000, Chunk{"junk", Bytes(20000)});
  EXPECT_THAT(ErrorOf(Wav(chunks)), HasSubstr("before the data"));
}

TEST(WavDecoderTest, TheHeaderMustAgreeWithWhatWasGiven) {
  const Bytes wav = Wav({{"fmt ", kMono16}, {"data", kTwoSamples}});
  EXPECT_TRUE(Decode({AudioEncoding::kWav, 16000, 1}, wav).status.ok());
  EXPECT_THAT(ErrorOf(wav, {AudioEncoding::kWav, 8000, 1}), HasSubstr("sample_rate"));
  EXPECT_THAT(ErrorOf(wav, {AudioEncoding::kWav, 0, 2}), HasSubstr("channels"));
}

}  // namespace
}  // namespace rill
