#include "tests/model/audio_bytes.h"

#include <gtest/gtest.h>
#include <sndfile.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <random>

namespace rill {
namespace {

std::string TemporaryPath() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(test->test_suite_name()) + "." + test->name();
  std::replace(name.begin(), name.end(), '/', '_');
  return testing::TempDir() + name + "." + std::to_string(getpid());
}

}  // namespace

std::string TestClip(const std::string& name) {
  return std::string(RILL_SOURCE_DIR) + "/tests/data/" + name;
}

Bytes ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

std::string WriteTemporary(const Bytes& bytes) {
  const std::string path = TemporaryPath();
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return path;
}

void Append16(uint16_t value, Bytes* bytes) {
  bytes->insert(bytes->end(), {static_cast<uint8_t>(value), static_cast<uint8_t>(value >> 8)});
}

void Append32(uint32_t value, Bytes* bytes) {
  Append16(static_cast<uint16_t>(value), bytes);
  Append16(static_cast<uint16_t>(value >> 16), bytes);
}

void AppendText(const std::string& text, Bytes* bytes) {
  bytes->insert(bytes->end(), text.begin(), text.end());
}

std::vector<float> Tones(int channels, int sample_rate, size_t frames) {
  std::vector<float> samples;
  for (size_t i = 0; i < frames; ++i) {
    for (int c = 0; c < channels; ++c) {
      const double angle = 2 * M_PI * i / sample_rate;
      samples.push_back(0.6f * std::sin(angle * 220 * (c + 1)) + 0.3f * std::sin(angle * 1370));
    }
  }
  return samples;
}

Bytes Encode(const std::vector<float>& interleaved, int channels, int sample_rate, int format) {
  const std::string path = TemporaryPath();
  SF_INFO info = {};
  info.channels = channels;
  info.samplerate = sample_rate;
  info.format = format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  EXPECT_NE(file, nullptr) << sf_strerror(nullptr);
  if (file == nullptr) return {};
  sf_write_float(file, interleaved.data(), interleaved.size());
  sf_close(file);
  const Bytes bytes = ReadBytes(path);
  std::remove(path.c_str());
  return bytes;
}

Decoded Decode(const AudioFormat& format, const Bytes& bytes, size_t longest, unsigned seed,
               int output_rate) {
  Decoded decoded;
  absl::StatusOr<std::unique_ptr<AudioDecoder>> decoder = AudioDecoder::Create(format, output_rate);
  decoded.status = decoder.status();
  std::mt19937 random(seed);
  for (size_t i = 0; decoded.status.ok() && i < bytes.size();) {
    const size_t piece = longest < bytes.size() ? 1 + random() % longest : bytes.size();
    const size_t count = std::min(piece, bytes.size() - i);
    decoded.status =
        (*decoder)->Accept(absl::MakeConstSpan(bytes).subspan(i, count), &decoded.samples);
    i += count;
  }
  if (decoded.status.ok()) decoded.status = (*decoder)->Finish(&decoded.samples);
  return decoded;
}

}  // namespace rill
