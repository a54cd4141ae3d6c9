#include "model/paper/run/result_file.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/file/atomic_file.h"

namespace rill::paper {
namespace {

constexpr char kSettings[] = "settings";

absl::Status CompareSettings(const std::string& path, const nlohmann::json& old,
                             const nlohmann::json& settings) {
  for (const auto& [key, value] : settings.items()) {
    const auto found = old.find(key);
    if (found != old.end() && *found == value) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        path, " holds results for another ", key, " (", found == old.end() ? "none" : found->dump(),
        ", not ", value.dump(), "): give another --run, or the same settings to go on"));
  }
  return absl::OkStatus();
}

}  // namespace

ResultFile::ResultFile(std::string path, Line settings)
    : path_(std::move(path)), settings_(std::move(settings)) {}

absl::StatusOr<ResultFile> ResultFile::Open(const std::string& path, const Line& settings) {
  ResultFile file(path, settings);
  std::ifstream in(path);
  std::string text;
  bool cut_off = false;
  for (int number = 1; std::getline(in, text); ++number) {
    Line line = Line::parse(text, nullptr, /*allow_exceptions=*/false);
    cut_off = in.eof();
    if (line.is_object()) {
      file.lines_.push_back(std::move(line));
    } else if (!cut_off) {
      return absl::DataLossError(absl::StrCat(path, " line ", number, " is no JSON object"));
    }
  }
  if (!file.lines_.empty()) {
    const auto old = file.lines_.front().find(kSettings);
    if (old == file.lines_.front().end() || !old->is_object()) {
      return absl::DataLossError(absl::StrCat(path, " line 1 has no ", kSettings));
    }
    if (absl::Status status = CompareSettings(path, *old, settings); !status.ok()) return status;
    file.lines_.erase(file.lines_.begin());
    if (!cut_off) return file;
  }
  if (absl::Status status = file.WriteAll(); !status.ok()) return status;
  return file;
}

const ResultFile::Line* ResultFile::Find(const Line& fields) const {
  for (const Line& line : lines_) {
    bool all = true;
    for (const auto& [key, value] : fields.items()) {
      const auto found = line.find(key);
      all = all && found != line.end() && *found == value;
    }
    if (all) return &line;
  }
  return nullptr;
}

absl::Status ResultFile::Append(const Line& line) {
  std::ofstream out(path_, std::ios::app);
  out << line.dump() << std::endl;
  if (!out) return absl::UnavailableError(absl::StrCat("cannot write ", path_));
  lines_.push_back(line);
  return absl::OkStatus();
}

absl::Status ResultFile::Remove(const std::function<bool(const Line&)>& which) {
  if (std::erase_if(lines_, which) == 0) return absl::OkStatus();
  return WriteAll();
}

absl::Status ResultFile::WriteAll() const {
  AtomicFile file(path_);
  if (absl::Status status = file.Open(); !status.ok()) return status;
  std::string text = Line{{kSettings, settings_}}.dump() + "\n";
  for (const Line& line : lines_) text += line.dump() + "\n";
  if (absl::Status status = file.Write(text); !status.ok()) return status;
  return file.Commit();
}

}  // namespace rill::paper
