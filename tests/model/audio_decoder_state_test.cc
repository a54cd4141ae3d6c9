// A decoder that is saved at any byte, and loaded into another, goes on with the same bits; what it
// loads may be damaged in any way. Run it under the asan-ubsan preset too.
#include <gtest/gtest.h>
#include <sndfile.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/model/audio_bytes.h"

namespace rill {
namespace {

struct Case {
  std::string name;
  AudioFormat format;
  Bytes bytes;
};

Bytes WithJunkChunk(Bytes wav) {
  Bytes junk;
  AppendText("LIST", &junk);
  Append32(37, &junk);
  junk.resize(junk.size() + 38, 0xAB);
  wav.insert(wav.begin() + 12, junk.begin(), junk.end());
  return wav;
}

// A block of padding after STREAMINFO, of another size than anything else in the file.
Bytes WithPadding(Bytes flac) {
  const uint8_t last = flac[4] & 0x80;
  flac[4] &= 0x7F;
  Bytes padding = {static_cast<uint8_t>(last | 1), 0, 0, 77};
  padding.resize(padding.size() + 77);
  flac.insert(flac.begin() + 42, padding.begin(), padding.end());
  return flac;
}

Bytes Raw(const std::vector<float>& samples) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(samples.data());
  return Bytes(bytes, bytes + samples.size() * sizeof(float));
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const int rate : {8000, 16000, 22050, 44100, 48000, 44101}) {
    const std::vector<float> tones = Tones(2, rate, rate / 12 + 3);
    const std::string at = " at " + std::to_string(rate);
    const Bytes wav = Encode(tones, 2, rate, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
    cases.push_back({"LINEAR16" + at, {AudioEncoding::kLinear16, rate, 3}, wav});
    cases.push_back({"FLOAT32" + at, {AudioEncoding::kFloat32, rate, 2}, Raw(tones)});
    cases.push_back({"WAV" + at, {AudioEncoding::kWav}, wav});
    AudioFormat guessed = {AudioEncoding::kLinear16, rate, 1};
    guessed.may_have_header = true;
    cases.push_back({"WAV, taken for LINEAR16" + at, guessed, wav});
    cases.push_back({"perhaps LINEAR16" + at, guessed, Raw(tones)});
    cases.push_back({"24-bit WAV" + at,
                     {AudioEncoding::kAuto},
                     WithJunkChunk(Encode(tones, 2, rate, SF_FORMAT_WAVEX | SF_FORMAT_PCM_24))});
  }
  for (const int rate : {8000, 16000, 44100}) {
    // Noise, so that no two frames are alike, with a loud half: several predictors.
    std::mt19937 random(rate);
    std::vector<float> samples = Tones(1, rate, rate / 2);
    for (size_t i = rate / 4; i < samples.size(); ++i) {
      samples[i] = 0.5f * samples[i] + static_cast<float>(random() % 1000) * 1e-4f;
    }
    const std::string at = " at " + std::to_string(rate);
    const Bytes flac = Encode(samples, 1, rate, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
    cases.push_back({"FLAC" + at, {AudioEncoding::kFlac}, flac});
    cases.push_back({"padded FLAC" + at, {AudioEncoding::kAuto}, WithPadding(flac)});
  }
  return cases;
}

std::unique_ptr<AudioDecoder> Make(const AudioFormat& format) {
  absl::StatusOr<std::unique_ptr<AudioDecoder>> decoder = AudioDecoder::Create(format);
  EXPECT_TRUE(decoder.ok()) << decoder.status();
  return *std::move(decoder);
}

std::string Saved(const AudioDecoder& decoder) {
  StateWriter writer;
  decoder.Save(writer);
  return writer.Take();
}

// Null after an error.
std::unique_ptr<AudioDecoder> Loaded(const AudioFormat& format, const std::string& state) {
  std::unique_ptr<AudioDecoder> decoder = Make(format);
  StateReader reader(state);
  decoder->Load(reader);
  reader.RequireEnd();
  return reader.ok() ? std::move(decoder) : nullptr;
}

// One that has got `count` bytes in pieces of random lengths.
std::unique_ptr<AudioDecoder> After(const AudioFormat& format, const Bytes& bytes, size_t count,
                                    std::mt19937* random, std::vector<float>* samples) {
  std::unique_ptr<AudioDecoder> decoder = Make(format);
  for (size_t at = 0; at < count;) {
    const size_t piece = std::min<size_t>(1 + (*random)() % 5000, count - at);
    EXPECT_TRUE(decoder->Accept(absl::MakeConstSpan(bytes).subspan(at, piece), samples).ok());
    at += piece;
  }
  return decoder;
}

TEST(AudioDecoderStateTest, GoesOnWithTheSameBitsFromAnyByte) {
  for (const Case& c : Cases()) {
    const Decoded expected = Decode(c.format, c.bytes);
    ASSERT_TRUE(expected.status.ok()) << c.name << ": " << expected.status;
    std::mt19937 random(c.bytes.size());
    for (int n = 0; n < 130; ++n) {
      // Every byte of the headers, then anywhere.
      const size_t cut = n < 100 ? n : random() % (c.bytes.size() + 1);
      std::vector<float> samples;
      const std::unique_ptr<AudioDecoder> saved = After(c.format, c.bytes, cut, &random, &samples);
      const std::unique_ptr<AudioDecoder> decoder = Loaded(c.format, Saved(*saved));
      ASSERT_NE(decoder, nullptr) << c.name << " cut at " << cut;
      const auto rest = absl::MakeConstSpan(c.bytes).subspan(cut);
      // What a call gives is the same too, not only the sum of all calls.
      const size_t before = samples.size();
      std::vector<float> original;
      ASSERT_TRUE(saved->Accept(rest.first(rest.size() / 2), &original).ok());
      ASSERT_TRUE(decoder->Accept(rest.first(rest.size() / 2), &samples).ok());
      ASSERT_EQ(samples.size() - before, original.size()) << c.name << " cut at " << cut;
      ASSERT_TRUE(decoder->Accept(rest.subspan(rest.size() / 2), &samples).ok());
      ASSERT_TRUE(decoder->Finish(&samples).ok());
      ASSERT_EQ(samples, expected.samples) << c.name << " cut at " << cut;
    }
  }
}

TEST(AudioDecoderStateTest, MovesAgainAndAgain) {
  for (const Case& c : Cases()) {
    std::vector<float> samples;
    std::mt19937 random(1);
    std::unique_ptr<AudioDecoder> decoder = Make(c.format);
    for (size_t at = 0; at < c.bytes.size();) {
      const size_t piece = std::min<size_t>(1 + random() % 3000, c.bytes.size() - at);
      ASSERT_TRUE(decoder->Accept(absl::MakeConstSpan(c.bytes).subspan(at, piece), &samples).ok());
      at += piece;
      decoder = Loaded(c.format, Saved(*decoder));
      ASSERT_NE(decoder, nullptr) << c.name;
    }
    ASSERT_TRUE(decoder->Finish(&samples).ok());
    EXPECT_EQ(samples, Decode(c.format, c.bytes).samples) << c.name;
  }
}

TEST(AudioDecoderStateTest, AFileCutShortEndsAlike) {
  for (const Case& c : Cases()) {
    std::mt19937 random(2);
    for (int n = 0; n < 60; ++n) {
      const size_t end = n < 50 ? n : random() % c.bytes.size();
      std::vector<float> samples, expected;
      const std::unique_ptr<AudioDecoder> saved = After(c.format, c.bytes, end, &random, &samples);
      expected = samples;
      const std::unique_ptr<AudioDecoder> decoder = Loaded(c.format, Saved(*saved));
      ASSERT_NE(decoder, nullptr) << c.name;
      EXPECT_EQ(decoder->Finish(&samples), saved->Finish(&expected)) << c.name << " end " << end;
      EXPECT_EQ(samples, expected) << c.name << " end " << end;
    }
  }
}

TEST(AudioDecoderStateTest, AnErrorAndTheEndMoveToo) {
  std::vector<float> samples;
  const std::unique_ptr<AudioDecoder> broken = Make({AudioEncoding::kAuto});
  const Bytes bytes = {'O', 'g', 'g', 'S'};
  const absl::Status error = broken->Accept(bytes, &samples);
  ASSERT_FALSE(error.ok());
  const std::unique_ptr<AudioDecoder> still_broken = Loaded({AudioEncoding::kAuto}, Saved(*broken));
  ASSERT_NE(still_broken, nullptr);
  EXPECT_EQ(still_broken->Accept(bytes, &samples), error);

  const AudioFormat format = {AudioEncoding::kLinear16, 8000, 1};
  const std::unique_ptr<AudioDecoder> ended = Make(format);
  ASSERT_TRUE(ended->Finish(&samples).ok());
  const std::unique_ptr<AudioDecoder> still_ended = Loaded(format, Saved(*ended));
  ASSERT_NE(still_ended, nullptr);
  EXPECT_EQ(still_ended->Accept(bytes, &samples).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(AudioDecoderStateTest, AnotherFormatsStateIsNamed) {
  const std::unique_ptr<AudioDecoder> decoder = Make({AudioEncoding::kWav});
  const std::string state = Saved(*decoder);
  const std::unique_ptr<AudioDecoder> other = Make({AudioEncoding::kFlac});
  StateReader reader(state);
  other->Load(reader);
  EXPECT_EQ(reader.status(), absl::InvalidArgumentError("state: audio encoding is out of range"));
  std::vector<float> samples;
  EXPECT_EQ(other->Accept({}, &samples), reader.status());
}

// No crash, no memory without bound; what loads can be used and saved.
TEST(AudioDecoderStateTest, DamagedStatesDoNoHarm) {
  int loaded = 0, refused = 0;
  for (const Case& c : Cases()) {
    std::mt19937 random(3);
    for (int n = 0; n < 300; ++n) {
      const size_t cut = random() % (random() % 2 == 0 ? 150 : c.bytes.size());
      std::vector<float> samples;
      std::string state = Saved(*After(c.format, c.bytes, cut, &random, &samples));
      for (int damage = random() % 3; damage >= 0 && !state.empty(); --damage) {
        const size_t at = random() % std::min<size_t>(state.size(), random() % 3 == 0 ? 1e9 : 90);
        switch (random() % 4) {
          case 0:
            state.resize(at);
            break;
          case 1:
            state[at] = static_cast<char>(random());
            break;
          case 2:
            state[at] ^= 1 << random() % 8;
            break;
          default:
            state[at] = random() % 2 == 0 ? '\xFF' : '\0';
        }
      }
      const std::unique_ptr<AudioDecoder> decoder = Make(c.format);
      StateReader reader(state);
      decoder->Load(reader);
      ++(reader.ok() ? loaded : refused);
      samples.clear();
      for (int piece = 0; piece < 4; ++piece) {
        const size_t count = std::min<size_t>(2000, c.bytes.size() - cut);
        (void)decoder->Accept(absl::MakeConstSpan(c.bytes).subspan(cut, count), &samples);
        if (reader.ok()) {
          EXPECT_NE(Loaded(c.format, Saved(*decoder)), nullptr) << c.name;
        }
      }
      (void)decoder->Finish(&samples);
    }
  }
  // The damage is neither harmless nor hopeless.
  EXPECT_GT(loaded, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace rill
