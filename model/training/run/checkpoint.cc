#include "model/training/run/checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "model/file/mapped_file.h"
#include "model/file/sha256.h"

namespace rill::training {
namespace {

using Json = nlohmann::json;

constexpr char kFormat[] = "rill-checkpoint-1";
constexpr uint64_t kMaxHeader = uint64_t{1} << 28;

absl::Status SystemError(const std::string& what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " ", path));
}

std::string HashOf(const std::string& text) {
  return Sha256Hex({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

Json HeaderOf(const Checkpoint& checkpoint) {
  Json header;
  uint64_t offset = 0;
  for (const NamedTensor& tensor : checkpoint.tensors) {
    const uint64_t end = offset + tensor.values.size() * sizeof(float);
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  header["__metadata__"] = {
      {"format", kFormat},
      {"config", checkpoint.config.ToJson()},
      {"progress", checkpoint.progress.ToJson()},
      {"options", checkpoint.options},
      {"features.mean", Json(checkpoint.statistics.mean).dump()},
      {"features.inv_std", Json(checkpoint.statistics.inv_std).dump()},
  };
  return header;
}

// All of the file, or an error; fsync before rename, so that a crash leaves the old file or the new
// one.
absl::Status WriteWhole(const std::string& path, const std::string& bytes) {
  const std::string temporary = absl::StrCat(path, ".tmp");
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return SystemError("cannot create", temporary);
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t n = write(file, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const absl::Status status = SystemError("cannot write", temporary);
      close(file);
      unlink(temporary.c_str());
      return status;
    }
    written += static_cast<size_t>(n);
  }
  if (fsync(file) != 0 || close(file) != 0) return SystemError("cannot write", temporary);
  if (rename(temporary.c_str(), path.c_str()) != 0) return SystemError("cannot rename to", path);
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const int folder =
      open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> Parse(absl::Span<const uint8_t> bytes) {
  uint64_t length = 0;
  if (bytes.size() < sizeof(length)) return absl::DataLossError("too short");
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length > kMaxHeader || length > bytes.size() - sizeof(length)) {
    return absl::DataLossError("header is cut off");
  }
  const uint8_t* text = bytes.data() + sizeof(length);
  const absl::Span<const uint8_t> data = bytes.subspan(sizeof(length) + length);
  Json header = Json::parse(text, text + length);
  Json& metadata = header.at("__metadata__");
  if (metadata.value("format", "") != kFormat) return absl::DataLossError("not a checkpoint");
  const std::string header_hash = metadata.at("header_sha256");
  metadata.erase("header_sha256");
  if (HashOf(header.dump()) != header_hash) return absl::DataLossError("header is damaged");
  if (Sha256Hex(data) != metadata.at("data_sha256").get<std::string>()) {
    return absl::DataLossError("tensors are damaged");
  }

  Checkpoint checkpoint;
  absl::StatusOr<ModelConfig> config = ModelConfig::FromJson(metadata.at("config"));
  if (!config.ok()) return config.status();
  absl::StatusOr<Progress> progress = Progress::FromJson(metadata.at("progress"));
  if (!progress.ok()) return progress.status();
  checkpoint.config = *std::move(config);
  checkpoint.progress = *progress;
  checkpoint.options = metadata.at("options");
  Json::parse(metadata.at("features.mean").get<std::string>()).get_to(checkpoint.statistics.mean);
  Json::parse(metadata.at("features.inv_std").get<std::string>())
      .get_to(checkpoint.statistics.inv_std);
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    NamedTensor tensor;
    tensor.name = name;
    entry.at("shape").get_to(tensor.shape);
    const uint64_t begin = entry.at("data_offsets").at(0);
    const uint64_t end = entry.at("data_offsets").at(1);
    if (begin > end || end > data.size() || (end - begin) % sizeof(float) != 0) {
      return absl::DataLossError(absl::StrCat(name, " lies outside the file"));
    }
    tensor.values.resize((end - begin) / sizeof(float));
    std::memcpy(tensor.values.data(), data.data() + begin, end - begin);
    checkpoint.tensors.push_back(std::move(tensor));
  }
  return checkpoint;
}

}  // namespace

const NamedTensor* Checkpoint::Find(const std::string& name) const {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

absl::Status WriteCheckpoint(const std::string& path, const Checkpoint& checkpoint) {
  std::string data;
  for (const NamedTensor& tensor : checkpoint.tensors) {
    data.append(reinterpret_cast<const char*>(tensor.values.data()),
                tensor.values.size() * sizeof(float));
  }
  Json header = HeaderOf(checkpoint);
  header["__metadata__"]["data_sha256"] = HashOf(data);
  header["__metadata__"]["header_sha256"] = HashOf(header.dump());
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // so that the tensors are aligned
  const uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
  bytes += text;
  bytes += data;
  return WriteWhole(path, bytes);
}

absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path) {
  absl::StatusOr<std::unique_ptr<MappedFile>> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  try {
    absl::StatusOr<Checkpoint> checkpoint = Parse((*file)->bytes());
    if (checkpoint.ok()) return checkpoint;
    return absl::DataLossError(absl::StrCat(path, ": ", checkpoint.status().message()));
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(absl::StrCat(path, ": header is damaged: ", error.what()));
  }
}

}  // namespace rill::training
