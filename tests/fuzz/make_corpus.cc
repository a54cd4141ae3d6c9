// Writes the seeds of the fuzz targets that are no plain text: make_corpus tests/fuzz/corpus. To be
// run when one of those formats changes; what fuzzing found is kept beside them under other names.
#include <sndfile.h>
#include <zlib.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "model/audio/audio_decoder.h"
#include "model/decoder/decoder_factory.h"
#include "model/file/model_file.h"
#include "model/frame_queue.h"
#include "model/language_model/language_model_builder.h"
#include "model/utterance_builder.h"
#include "tests/fuzz/small_language_models.h"
#include "tests/model/small_arpa.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string Encoded(int format, int channels, int rate, int frames) {
  const TemporaryFolder folder;
  const std::string path = folder / "clip";
  SF_INFO info = {};
  info.format = format;
  info.channels = channels;
  info.samplerate = rate;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  std::vector<float> samples(frames * channels);
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = 0.5f * std::sin(0.05f * i);
  sf_write_float(file, samples.data(), samples.size());
  sf_close(file);
  return ReadFile(path);
}

std::string Gzipped(const std::string& text) {
  const TemporaryFolder folder;
  const std::string path = folder / "text.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return ReadFile(path);
}

struct Audio {
  const char* name;
  AudioEncoding encoding;
  int rate_index;  // audio_fuzz.cc's kRates
  int rate;
  std::string bytes;
};

std::vector<Audio> AudioSeeds() {
  return {
      {"linear16", AudioEncoding::kLinear16, 1, 8000, std::string(400, '\x21')},
      {"float32", AudioEncoding::kFloat32, 3, 44100, std::string(400, '\x3d')},
      {"wav16", AudioEncoding::kWav, 0, 0,
       Encoded(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2, 22050, 100)},
      {"wav24", AudioEncoding::kAuto, 0, 0,
       Encoded(SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 1, 48000, 100)},
      {"ulaw", AudioEncoding::kWav, 0, 0, Encoded(SF_FORMAT_WAV | SF_FORMAT_ULAW, 1, 8000, 200)},
      {"flac16", AudioEncoding::kFlac, 0, 0,
       Encoded(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 2, 16000, 300)},
      {"flac24", AudioEncoding::kAuto, 0, 0,
       Encoded(SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 1, 44100, 300)},
  };
}

// The inputs of audio_fuzz.cc.
std::string AudioInput(const Audio& audio) {
  const std::string head = {static_cast<char>(audio.encoding), static_cast<char>(audio.rate_index),
                            1, 37, 0};
  return head + audio.bytes;
}

// The inputs of audio_state_fuzz.cc: the rest of the bytes, and the state after half of them.
std::string StateInput(const Audio& audio) {
  AudioFormat format{audio.encoding, audio.rate, 1};
  const auto decoder = AudioDecoder::Create(format);
  const size_t half = audio.bytes.size() / 2;
  std::vector<float> samples;
  (void)(*decoder)->Accept(
      absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(audio.bytes.data()), half), &samples);
  StateWriter writer;
  (*decoder)->Save(writer);
  const uint16_t rest = static_cast<uint16_t>(audio.bytes.size() - half);
  const std::string head = {static_cast<char>(audio.encoding), static_cast<char>(audio.rate_index),
                            1, static_cast<char>(rest), static_cast<char>(rest >> 8)};
  return head + audio.bytes.substr(half) + writer.Take();
}

// The inputs of stream_state_fuzz.cc: a queue with marks, a builder in the middle of a word.
std::string StreamStateInput(DecoderOptions::Kind kind, bool by_phones = false) {
  const std::vector<std::string> tokens = {"<blank>", " ", "a", "b"};
  DecoderOptions options;
  options.kind = kind;
  options.beam.beam = 4;
  const auto factory = DecoderFactory::Create(&tokens, by_phones ? &SmallPhonesModel() : nullptr,
                                              options, nullptr, &SmallPhones());
  const auto hot_words = *factory->MakeHotWords({{"ab", 3}, {"b a", 2}});
  FrameQueue queue(2);
  queue.Push({1, 2, 3, 4, 5, 6});
  queue.PushFlush(7);
  queue.PushHotWords(hot_words, hot_words->bytes());
  queue.Push({1, 2});
  StateWriter waiting;
  queue.Save(waiting);
  UtteranceBuilder builder(*factory, nullptr, {});
  for (int t = 0; t < 12; ++t) {
    std::vector<float> frame(tokens.size() + SmallPhones().size(), -3);
    frame[t % 5 % 4] = -0.1f;
    frame[tokens.size() + t % 5] = -0.1f;
    builder.Accept(frame, t * 640, (t + 1) * 640);
  }
  builder.SetHotWords(hot_words);
  builder.TakeEvents();
  StateWriter writer;
  builder.Save(writer);
  const std::string state = waiting.Take();
  const std::string head = {static_cast<char>(by_phones ? 2 : static_cast<int>(kind)),
                            static_cast<char>(state.size()), static_cast<char>(state.size() >> 8)};
  return head + state + writer.Take();
}

int Main(const fs::path& corpus) {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& target, const std::string& name,
                         const std::string& bytes) {
    fs::create_directories(corpus / target);
    WriteText(corpus / target / name, bytes);
  };
  for (const Audio& audio : AudioSeeds()) {
    write("audio", audio.name, AudioInput(audio));
    write("audio_state", audio.name, StateInput(audio));
  }
  const std::string model = folder / "tiny.safetensors";
  (void)WriteModelFile(model, TinyModelConfig(), {{"rill.name", "tiny"}},
                       RandomTensors(TinyModelConfig(), 1), MatrixType::kFloat);
  const std::string file = ReadFile(model);
  uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  write("model_file", "tiny", file.substr(sizeof length, length));
  write("model_file", "cut", file.substr(0, 600));
  for (int order = 1; order <= 3; ++order) {
    const std::string name = "order" + std::to_string(order);
    const std::string arpa = RandomArpa({"ab", "abc", "b"}, order, order);
    write("arpa", name, arpa);
    if (order == 2) write("arpa", "gzipped", Gzipped(arpa));
    WriteText(folder / "lm.arpa", arpa);
    (void)BuildLanguageModel(folder / "lm.arpa", folder / "lm.rlm", nullptr);
    write("language_model", name, ReadFile(folder / "lm.rlm"));
    WriteText(folder / "lm.dict", "ab A B\nabc A B K\nb A B\n");
    (void)BuildLanguageModel(folder / "lm.arpa", folder / "lm.rlm", nullptr, folder / "lm.dict");
    write("language_model", "phones" + std::to_string(order), ReadFile(folder / "lm.rlm"));
  }
  write("stream_state", "greedy", StreamStateInput(DecoderOptions::Kind::kGreedy));
  write("stream_state", "beam", StreamStateInput(DecoderOptions::Kind::kBeam));
  write("stream_state", "phones",
        StreamStateInput(DecoderOptions::Kind::kBeam, /*by_phones=*/true));
  // decoder_fuzz.cc: any bytes are options and frames.
  for (int seed = 1; seed <= 6; ++seed) {
    std::string bytes;
    uint32_t state = seed;
    for (int i = 0; i < 300; ++i) {
      state = state * 1664525 + 1013904223;
      bytes += static_cast<char>(state >> 24);
    }
    write("decoder", "random" + std::to_string(seed), bytes);
    // A small model, a beam of 128, all else in the middle of its range, a hot word of a letter.
    const std::string wide = std::string("\0\1\12\373", 4) + std::string(8, '\x7f') + "\1\x7f\1a";
    if (seed == 1) write("decoder", "wide", wide + bytes);
    // A small model of phones, a small beam, all else in the middle, a hot word of two letters.
    const std::string phones = "\2\1\1\12" + std::string(9, '\x7f') + "\1\x7f\2ab";
    if (seed <= 3) write("decoder", "phones" + std::to_string(seed), phones + bytes);
  }
  return 0;
}

}  // namespace
}  // namespace rill

int main(int argc, char** argv) {
  if (argc == 2) return rill::Main(argv[1]);
  std::fprintf(stderr, "usage: make_corpus FOLDER\n");
  return 2;
}
