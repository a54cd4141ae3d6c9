#include "tests/training/data/data_fixture.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "model/file/model_config.h"

namespace rill::training {
namespace {

namespace fs = std::filesystem;

void AppendLittleEndian(std::string* bytes, uint32_t value, int size) {
  for (int i = 0; i < size; ++i) bytes->push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

std::string WriteFile(const TemporaryFolder& folder, const std::string& name,
                      const std::string& contents) {
  const std::string path = folder / name;
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

std::string ToneWav(double seconds, double hertz, double amplitude, int rate) {
  const uint32_t samples = static_cast<uint32_t>(seconds * rate);
  std::string wav = "RIFF";
  AppendLittleEndian(&wav, 36 + 2 * samples, 4);
  wav += "WAVEfmt ";
  AppendLittleEndian(&wav, 16, 4);
  AppendLittleEndian(&wav, 1, 2);  // PCM
  AppendLittleEndian(&wav, 1, 2);  // channels
  AppendLittleEndian(&wav, rate, 4);
  AppendLittleEndian(&wav, 2 * rate, 4);
  AppendLittleEndian(&wav, 2, 2);
  AppendLittleEndian(&wav, 16, 2);
  wav += "data";
  AppendLittleEndian(&wav, 2 * samples, 4);
  for (uint32_t i = 0; i < samples; ++i) {
    const double value = amplitude * std::sin(2 * M_PI * hertz * i / rate);
    AppendLittleEndian(&wav, static_cast<uint32_t>(static_cast<int32_t>(32767 * value)), 2);
  }
  return wav;
}

std::unique_ptr<FeatureFile> MakeFeatureFile(const TemporaryFolder& folder, const std::string& name,
                                             const std::vector<int64_t>& frames, int64_t mel_bins,
                                             const FakeValue& value) {
  const std::string fingerprint(64, 'f');
  auto writer = FeatureFileWriter::Create(folder / name, fingerprint, mel_bins).value();
  for (size_t clip = 0; clip < frames.size(); ++clip) {
    std::vector<float> values;
    for (int64_t frame = 0; frame < frames[clip]; ++frame) {
      for (int64_t bin = 0; bin < mel_bins; ++bin) {
        values.push_back(value(static_cast<int64_t>(clip), frame, bin));
      }
    }
    if (!writer->Add(values).ok()) return nullptr;
  }
  if (!writer->Finish().ok()) return nullptr;
  return FeatureFile::Open(folder / name, fingerprint).value();
}

std::unique_ptr<ClipStore> MakeStore(const TemporaryFolder& folder, const std::string& name,
                                     const std::vector<FakeClip>& clips, int64_t mel_bins,
                                     const FakeValue& value) {
  Manifest manifest;
  manifest.name = name;
  manifest.file = name + "/manifest.tsv";
  for (const FakeClip& clip : clips) {
    manifest.clips.push_back({static_cast<int>(manifest.clips.size()) + 2, "x", "x", 1, clip.text});
  }
  FeatureCache::Files files;
  for (size_t speed = 0; speed < clips[0].frames.size(); ++speed) {
    std::vector<int64_t> frames;
    for (const FakeClip& clip : clips) frames.push_back(clip.frames[speed]);
    files.push_back(MakeFeatureFile(folder, name + std::to_string(speed), frames, mel_bins, value));
  }
  const TokenTable tokens = TokenTable::Create(CharacterTokens()).value();
  return ClipStore::Create(manifest, tokens, nullptr, std::move(files)).value();
}

std::string SpeechFolder() {
  const char* given = std::getenv("RILL_SPEECH_DIR");
  const std::string folder = given != nullptr ? given : RILL_SOURCE_DIR "/../shared/speech";
  std::error_code ignored;
  return fs::is_directory(folder + "/dev", ignored) ? folder : "";
}

}  // namespace rill::training
