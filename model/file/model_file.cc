#include "model/file/model_file.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/bfloat16.h"
#include "model/file/sha256.h"

namespace rill {
namespace {

constexpr char kNameKey[] = "rill.name";

// IEEE 754 binary16.
float HalfToFloat(uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  float magnitude;
  if (exponent == 31) {
    magnitude = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  }
  return half & 0x8000 ? -magnitude : magnitude;
}

std::vector<float> ToFloats(const uint8_t* bytes, const SafetensorsEntry& entry) {
  // Tensors need not be aligned in the file, so every value is copied out.
  std::vector<float> values(entry.size);
  if (entry.type == TensorType::kF32) {
    std::memcpy(values.data(), bytes, entry.size * sizeof(float));
    return values;
  }
  if (entry.type == TensorType::kI8) {
    for (int64_t i = 0; i < entry.size; ++i) values[i] = static_cast<int8_t>(bytes[i]);
    return values;
  }
  for (int64_t i = 0; i < entry.size; ++i) {
    uint16_t half;
    std::memcpy(&half, bytes + 2 * i, sizeof half);
    values[i] = entry.type == TensorType::kBF16 ? kernels::ToFloat(kernels::BFloat16{half})
                                                : HalfToFloat(half);
  }
  return values;
}

absl::Status CheckTensors(const ModelConfig& config,
                          const std::map<std::string, SafetensorsEntry>& entries) {
  const std::vector<TensorSpec> specs = ModelTensors(config);
  for (const TensorSpec& spec : specs) {
    const auto it = entries.find(spec.name);
    if (it == entries.end()) {
      return absl::InvalidArgumentError(absl::StrCat("tensor \"", spec.name, "\" is missing"));
    }
    if (it->second.shape != spec.shape) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tensor \"", spec.name, "\": shape must be [", absl::StrJoin(spec.shape, ", "),
          "] by rill.config, not [", absl::StrJoin(it->second.shape, ", "), "]"));
    }
  }
  std::map<std::string, bool> known;
  for (const TensorSpec& spec : specs) {
    known[spec.name] = true;
    if (entries.at(spec.name).type != TensorType::kI8) continue;
    const std::string scale = spec.name + kRowScaleSuffix;
    const auto it = entries.find(scale);
    const std::vector<int64_t> shape = {spec.shape[0]};
    if (it == entries.end() || it->second.type != TensorType::kF32 || it->second.shape != shape) {
      return absl::InvalidArgumentError(absl::StrCat("tensor \"", spec.name, "\" is I8: \"", scale,
                                                     "\" must be F32, [", shape[0], "]"));
    }
    known[scale] = true;
  }
  if (entries.size() == known.size()) return absl::OkStatus();
  for (const auto& [name, entry] : entries) {
    if (!known[name]) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", name, "\" does not belong to this model"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ModelConfig> ReadConfig(const std::map<std::string, std::string>& metadata) {
  const auto format = metadata.find(kFormatKey);
  if (format == metadata.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("metadata: \"", kFormatKey, "\" is missing: not a rill model"));
  }
  if (format->second != kFormat) {
    return absl::InvalidArgumentError(absl::StrCat("metadata: \"", kFormatKey, "\" is \"",
                                                   format->second, "\", this program reads \"",
                                                   kFormat, "\""));
  }
  const auto config = metadata.find(kConfigKey);
  if (config == metadata.end()) {
    return absl::InvalidArgumentError(absl::StrCat("metadata: \"", kConfigKey, "\" is missing"));
  }
  return ModelConfig::FromJson(config->second);
}

absl::Status AtPath(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("model file ", path, ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ModelFile>> ModelFile::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<MappedFile>> file = MappedFile::Open(path);
  if (!file.ok()) return AtPath(path, file.status());
  const absl::Span<const uint8_t> bytes = (*file)->bytes();
  absl::StatusOr<SafetensorsHeader> header = ParseSafetensors(bytes);
  if (!header.ok()) return AtPath(path, header.status());
  absl::StatusOr<ModelConfig> config = ReadConfig(header->metadata);
  if (!config.ok()) return AtPath(path, config.status());
  const absl::Status status = CheckTensors(*config, header->entries);
  if (!status.ok()) return AtPath(path, status);

  std::unique_ptr<ModelFile> model(new ModelFile);
  model->path_ = path;
  model->config_ = *std::move(config);
  model->metadata_ = std::move(header->metadata);
  model->entries_ = std::move(header->entries);
  model->file_ = *std::move(file);
  for (const auto& [name, entry] : model->entries_) {
    for (const float value : model->Tensor(name)) {
      if (!std::isfinite(value)) {
        return AtPath(path, absl::InvalidArgumentError(absl::StrCat("tensor \"", name,
                                                                    "\" has a value that is not"
                                                                    " finite")));
      }
    }
  }
  const auto named = model->metadata_.find(kNameKey);
  model->name_ = named != model->metadata_.end() && !named->second.empty()
                     ? named->second
                     : std::filesystem::path(path).stem().string();
  model->hash_ = Sha256Hex(bytes);
  return model;
}

std::vector<float> ModelFile::Tensor(const std::string& name) const {
  const auto it = entries_.find(name);
  if (it == entries_.end()) return {};
  const uint8_t* const bytes = file_->bytes().data();
  std::vector<float> values = ToFloats(bytes + it->second.offset, it->second);
  if (it->second.type != TensorType::kI8) return values;
  const SafetensorsEntry& scale_entry = entries_.at(name + kRowScaleSuffix);
  const std::vector<float> scales = ToFloats(bytes + scale_entry.offset, scale_entry);
  const size_t columns = values.size() / scales.size();
  for (size_t i = 0; i < values.size(); ++i) values[i] *= scales[i / columns];
  return values;
}

const std::vector<int64_t>& ModelFile::Shape(const std::string& name) const {
  static const std::vector<int64_t>* const none = new std::vector<int64_t>;
  const auto it = entries_.find(name);
  return it == entries_.end() ? *none : it->second.shape;
}

}  // namespace rill
