#include "model/training/data/noise_folder.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace rill::training {
namespace {

namespace fs = std::filesystem;

// For the progress bar only: of Opus at 32 kbit/s.
constexpr double kBytesPerSecond = 4000;

bool IsAudio(const fs::path& path) {
  static const std::set<std::string> extensions = {".wav",  ".flac", ".ogg", ".oga",
                                                   ".opus", ".mp3",  ".aiff"};
  return extensions.count(absl::AsciiStrToLower(path.extension().string())) > 0;
}

}  // namespace

bool IsHeldOut(const std::string& path) {
  uint32_t hash = 2166136261u;
  for (const char c : fs::path(path).filename().string()) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  }
  return hash % 5 == 0;
}

absl::StatusOr<RecordingList> NoiseRecordings(const std::string& folder, NoisePart part) {
  RecordingList list{"noise", {}, {1.0}};
  std::error_code error;
  auto it = fs::recursive_directory_iterator(
      folder, fs::directory_options::follow_directory_symlink, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (!IsAudio(it->path()) || !it->is_regular_file(ignored)) continue;
    if (IsHeldOut(it->path()) != (part == NoisePart::kHeldOut)) continue;
    const double bytes = static_cast<double>(it->file_size(ignored));
    list.recordings.push_back({it->path().string(), it->path().lexically_relative(folder).string(),
                               bytes / kBytesPerSecond, ""});
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrCat("cannot search the noise folder ", folder, ": ", error.message()));
  }
  if (list.recordings.empty()) {
    return absl::NotFoundError(absl::StrCat("no recording ",
                                            part == NoisePart::kHeldOut
                                                ? "that training leaves out (one in five, by name)"
                                                : "to train with (four in five, by name)",
                                            " in or below the noise folder ", folder));
  }
  std::sort(list.recordings.begin(), list.recordings.end(),
            [](const Recording& a, const Recording& b) { return a.name < b.name; });
  return list;
}

}  // namespace rill::training
