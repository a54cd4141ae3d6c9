#include "model/training/run/checkpoint_folder.h"

#include <charconv>
#include <filesystem>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rill::training {
namespace {

constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kSuffix = ".safetensors";

}  // namespace

CheckpointFolder::CheckpointFolder(std::string folder, int64_t keep_every)
    : folder_(std::move(folder)), keep_every_(keep_every) {}

std::map<int64_t, std::string> CheckpointFolder::List() const {
  std::map<int64_t, std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const std::string file = entry.path().filename().string();
    std::string_view number = file;
    if (!number.starts_with(kPrefix) || !number.ends_with(kSuffix)) continue;
    number.remove_prefix(kPrefix.size());
    number.remove_suffix(kSuffix.size());
    int64_t value = 0;
    const auto [end, code] = std::from_chars(number.begin(), number.end(), value);
    if (code == std::errc() && end == number.end()) files[value] = entry.path().string();
  }
  return files;
}

absl::StatusOr<std::string> CheckpointFolder::Save(const Checkpoint& checkpoint) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return absl::UnavailableError(absl::StrCat(folder_, ": ", error.message()));
  const std::map<int64_t, std::string> files = List();
  const int64_t number = files.empty() ? 1 : files.rbegin()->first + 1;
  const std::string path = absl::StrFormat("%s/checkpoint-%06d.safetensors", folder_, number);
  const absl::Status status = WriteCheckpoint(path, checkpoint);
  if (!status.ok()) return status;
  for (const auto& [old_number, old_path] : files) {
    const bool milestone = keep_every_ > 0 && old_number % keep_every_ == 0;
    if (old_number < number - 1 && !milestone) std::filesystem::remove(old_path, error);
  }
  return path;
}

absl::StatusOr<std::optional<Checkpoint>> CheckpointFolder::LoadNewest(
    std::vector<std::string>* notes) const {
  const std::map<int64_t, std::string> files = List();
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    absl::StatusOr<Checkpoint> checkpoint = ReadCheckpoint(file->second);
    if (checkpoint.ok()) return std::optional<Checkpoint>(*std::move(checkpoint));
    notes->push_back(
        absl::StrCat("passed over a damaged checkpoint: ", checkpoint.status().message()));
  }
  if (files.empty()) return std::optional<Checkpoint>();
  return absl::DataLossError(
      absl::StrCat("every checkpoint in ", folder_, " is damaged; move them away to start anew"));
}

}  // namespace rill::training
