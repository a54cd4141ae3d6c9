#include "model/training/data/manifest.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "model/file/utf8.h"

namespace rill::training {
namespace {

namespace fs = std::filesystem;

constexpr double kMaxSeconds = 86400;  // a typing error rather than a recording

std::vector<std::string> SplitAtTabs(const std::string& line) {
  std::vector<std::string> fields;
  size_t begin = 0;
  while (true) {
    const size_t end = line.find('\t', begin);
    fields.push_back(line.substr(begin, end - begin));
    if (end == std::string::npos) return fields;
    begin = end + 1;
  }
}

// Where the header has each column that is needed.
struct Columns {
  size_t path, speaker, seconds, text, count;
};

absl::StatusOr<Columns> ReadHeader(const std::string& file, const std::string& line) {
  const std::vector<std::string> names = SplitAtTabs(line);
  Columns columns{};
  columns.count = names.size();
  const std::pair<const char*, size_t*> needed[] = {{"path", &columns.path},
                                                    {"speaker", &columns.speaker},
                                                    {"seconds", &columns.seconds},
                                                    {"text", &columns.text}};
  for (const auto& [name, index] : needed) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      return LineError(file, 1,
                       absl::StrCat("no column '", name,
                                    "' in the header; it must name the "
                                    "tab-separated columns path, speaker, seconds, text"));
    }
    *index = static_cast<size_t>(found - names.begin());
  }
  return columns;
}

absl::StatusOr<ManifestClip> ReadClip(const std::string& file, int number, const std::string& line,
                                      const Columns& columns) {
  if (!IsValidUtf8(line) || line.find('\0') != std::string::npos) {
    return LineError(file, number, "not UTF-8 text");
  }
  std::vector<std::string> fields = SplitAtTabs(line);
  if (fields.size() != columns.count) {
    return LineError(
        file, number,
        absl::StrCat(fields.size(), " tab-separated fields where the header has ", columns.count));
  }
  ManifestClip clip;
  clip.line = number;
  clip.path = std::move(fields[columns.path]);
  clip.speaker = std::move(fields[columns.speaker]);
  clip.text = std::move(fields[columns.text]);
  if (clip.path.empty()) return LineError(file, number, "the path is empty");
  if (!absl::SimpleAtod(fields[columns.seconds], &clip.seconds) || !std::isfinite(clip.seconds) ||
      clip.seconds < 0 || clip.seconds > kMaxSeconds) {
    return LineError(file, number,
                     absl::StrCat("seconds is '", fields[columns.seconds],
                                  "'; it must be a number from 0 to ", kMaxSeconds));
  }
  return clip;
}

absl::Status FindIn(const fs::path& folder, std::vector<fs::path>* files) {
  std::error_code error;
  std::vector<fs::path> found;
  auto it = fs::recursive_directory_iterator(
      folder, fs::directory_options::follow_directory_symlink, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (it->path().filename() == "manifest.tsv" && it->is_regular_file(ignored)) {
      found.push_back(it->path());
    }
  }
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot search ", folder.string(), ": ", error.message()));
  }
  if (found.empty()) {
    return absl::NotFoundError(absl::StrCat("no manifest.tsv in or below ", folder.string()));
  }
  std::sort(found.begin(), found.end());
  files->insert(files->end(), found.begin(), found.end());
  return absl::OkStatus();
}

}  // namespace

absl::Status LineError(const std::string& file, int line, const std::string& message) {
  return absl::InvalidArgumentError(absl::StrCat(file, ":", line, ": ", message));
}

std::string Manifest::AudioPath(const ManifestClip& clip) const {
  return (fs::path(folder) / clip.path).string();
}

absl::Status Manifest::ErrorAt(const ManifestClip& clip, const std::string& message) const {
  return LineError(file, clip.line, message);
}

absl::StatusOr<Manifest> ReadManifest(const std::string& file) {
  std::ifstream in(file);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot open the manifest ", file));
  Manifest manifest;
  manifest.file = file;
  std::error_code ignored;
  const fs::path folder = fs::absolute(fs::path(file), ignored).lexically_normal().parent_path();
  manifest.folder = folder.string();
  manifest.name = folder.filename().string();

  std::string line;
  int number = 0;
  Columns columns{};
  while (std::getline(in, line)) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (number == 1) {
      absl::StatusOr<Columns> header = ReadHeader(file, line);
      if (!header.ok()) return header.status();
      columns = *header;
    } else if (!line.empty()) {
      absl::StatusOr<ManifestClip> clip = ReadClip(file, number, line, columns);
      if (!clip.ok()) return clip.status();
      manifest.clips.push_back(*std::move(clip));
    }
  }
  if (in.bad()) return absl::DataLossError(absl::StrCat("cannot read ", file));
  if (manifest.clips.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": no clip under the header"));
  }
  return manifest;
}

absl::StatusOr<std::vector<Manifest>> ReadManifests(const std::vector<std::string>& paths) {
  std::vector<fs::path> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      if (absl::Status status = FindIn(path, &files); !status.ok()) return status;
    } else {
      files.emplace_back(path);
    }
  }
  std::vector<Manifest> manifests;
  std::set<fs::path> seen;
  std::map<std::string, std::string> named;
  for (const fs::path& file : files) {
    std::error_code error;
    const fs::path canonical = fs::weakly_canonical(file, error);
    if (!error && !seen.insert(canonical).second) continue;
    absl::StatusOr<Manifest> manifest = ReadManifest(file.string());
    if (!manifest.ok()) return manifest.status();
    const auto [other, is_new] = named.emplace(manifest->name, manifest->file);
    if (!is_new) {
      return absl::InvalidArgumentError(absl::StrCat("two corpora are named ", manifest->name, ": ",
                                                     other->second, " and ", manifest->file,
                                                     "; rename one of their folders"));
    }
    manifests.push_back(*std::move(manifest));
  }
  return manifests;
}

}  // namespace rill::training
