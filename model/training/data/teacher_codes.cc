#include "model/training/data/teacher_codes.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/file/model_config.h"

namespace rill::training {
namespace {

constexpr char kHeader[] = "path\tframes\tcodes";
constexpr int64_t kMaxFrames = int64_t{1} << 32;

constexpr int64_t kDelay = 1;  // frames

// Manifests round, and recordings' last frames may not be whole.
bool AsLong(double seconds, int64_t frames) {
  const double heard = static_cast<double>(frames) * kFrameMs / 1000;
  return std::abs(heard - seconds) <= std::max(0.5, 0.05 * seconds);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TeacherCodes>> TeacherCodes::Open(const std::string& folder,
                                                                 const Manifest& manifest) {
  const std::string path = absl::StrCat(folder, "/", manifest.name, ".codes.tsv");
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return nullptr;
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) || line != kHeader) {
    return LineError(path, 1, "the header must be path, frames, codes, with tabs between");
  }
  std::unique_ptr<TeacherCodes> result(new TeacherCodes());
  while (std::getline(file, line)) {
    const int number = static_cast<int>(result->codes_.size()) + 2;
    if (result->codes_.size() == manifest.clips.size()) {
      return LineError(path, number, absl::StrCat("more clips than ", manifest.file, " has"));
    }
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    int64_t frames = 0;
    std::string codes;
    if (fields.size() != 3 || !absl::SimpleAtoi(fields[1], &frames) || frames < 0 ||
        frames > kMaxFrames || !absl::Base64Unescape(fields[2], &codes)) {
      return LineError(path, number, "not a path, a number of frames and codes in base64");
    }
    const ManifestClip& clip = manifest.clips[result->codes_.size()];
    if (fields[0] != clip.path || (frames > 0 && !AsLong(clip.seconds, frames))) {
      return LineError(
          path, number,
          absl::StrCat("has ", fields[0], " of ", frames, " frames where ", manifest.file, " has ",
                       clip.path, " of ", clip.seconds,
                       " s: the codes are of another state of the corpus; make them anew"));
    }
    if (frames > 0 && result->groups_ == 0) {
      result->groups_ = static_cast<int64_t>(codes.size()) / frames;
    }
    if (static_cast<int64_t>(codes.size()) != frames * result->groups_ ||
        (frames > 0 && codes.empty()) || result->groups_ > kMaxTeacherGroups) {
      return LineError(path, number,
                       absl::StrCat(codes.size(), " codes for ", frames, " frames of ",
                                    result->groups_, " each"));
    }
    result->codes_.push_back(std::move(codes));
  }
  if (result->codes_.size() < manifest.clips.size()) {
    return LineError(
        path, static_cast<int>(result->codes_.size()) + 1,
        absl::StrCat("ends here, but ", manifest.file, " has ", manifest.clips.size(), " clips"));
  }
  return result;
}

std::vector<uint8_t> TeacherCodes::Get(int64_t clip, double speed, int64_t start_cut,
                                       int64_t frames) const {
  const std::string& codes = codes_[clip];
  if (codes.empty()) return {};
  const int64_t last = static_cast<int64_t>(codes.size()) / groups_ - 1;
  const double start = static_cast<double>(start_cut) / kFeatureFramesPerFrame;
  std::vector<uint8_t> result;
  result.reserve(frames * groups_);
  for (int64_t t = 0; t < frames; ++t) {
    // Middles of frames, which tell where speech that is heard faster lies.
    const double middle = (static_cast<double>(t - kDelay) + 0.5 + start) * speed;
    const int64_t from = std::clamp<int64_t>(static_cast<int64_t>(std::floor(middle)), 0, last);
    result.insert(result.end(), codes.begin() + from * groups_,
                  codes.begin() + (from + 1) * groups_);
  }
  return result;
}

}  // namespace rill::training
