#include <algorithm>
#include <cmath>
#include <deque>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/bfloat16.h"
#include "model/file/atomic_file.h"
#include "model/file/mapped_file.h"
#include "model/file/model_file.h"
#include "model/file/utf8.h"
#include "nlohmann/json.hpp"

namespace rill {
namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr size_t kDataAlignment = 64;  // of the first tensor; the header is padded with spaces

struct PlannedTensor {
  const NamedTensor* tensor;
  TensorType type;
  const NamedTensor* row_scales = nullptr;  // of kI8
};

struct FilePlan {
  std::vector<PlannedTensor> tensors;  // in the order of the file
  std::deque<NamedTensor> scales;      // some of them
};

TensorType TypeInFile(MatrixType type) {
  switch (type) {
    case MatrixType::kFloat:
      return TensorType::kF32;
    case MatrixType::kBFloat16:
      return TensorType::kBF16;
    case MatrixType::kInt8:
      return TensorType::kI8;
  }
  return TensorType::kF32;
}

// What the largest value of each row is 127 times of.
NamedTensor RowScales(const NamedTensor& tensor) {
  const size_t rows = static_cast<size_t>(tensor.shape[0]);
  const size_t columns = tensor.values.size() / rows;
  NamedTensor scales{tensor.name + kRowScaleSuffix, {tensor.shape[0]}, std::vector<float>(rows)};
  for (size_t i = 0; i < tensor.values.size(); ++i) {
    float& scale = scales.values[i / columns];
    scale = std::max(scale, std::fabs(tensor.values[i]) / 127);
  }
  return scales;
}

absl::Status CheckTensor(const TensorSpec& spec, const NamedTensor& tensor) {
  if (tensor.shape != spec.shape) {
    return absl::InvalidArgumentError(absl::StrCat("tensor \"", spec.name, "\": shape must be [",
                                                   absl::StrJoin(spec.shape, ", "), "], not [",
                                                   absl::StrJoin(tensor.shape, ", "), "]"));
  }
  size_t size = 1;
  for (const int64_t extent : spec.shape) size *= static_cast<size_t>(extent);
  if (tensor.values.size() != size) {
    return absl::InvalidArgumentError(absl::StrCat("tensor \"", spec.name, "\" has ",
                                                   tensor.values.size(), " values, not ", size));
  }
  for (const float value : tensor.values) {
    // A float next to the largest would round to infinity.
    if (!std::isfinite(kernels::ToFloat(kernels::FromFloat<kernels::BFloat16>(value)))) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", spec.name, "\" has a value that is not finite"));
    }
  }
  return absl::OkStatus();
}

// Floats first, so that every tensor is aligned to its type.
absl::StatusOr<FilePlan> Plan(const ModelConfig& config, const std::vector<NamedTensor>& tensors,
                              MatrixType matrices) {
  std::unordered_map<std::string, const NamedTensor*> by_name;
  for (const NamedTensor& tensor : tensors) {
    if (!by_name.emplace(tensor.name, &tensor).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", tensor.name, "\" is given twice"));
    }
  }
  FilePlan plan;
  std::vector<PlannedTensor> small;
  for (const TensorSpec& spec : ModelTensors(config)) {
    const auto it = by_name.find(spec.name);
    if (it == by_name.end()) {
      return absl::InvalidArgumentError(absl::StrCat("tensor \"", spec.name, "\" is missing"));
    }
    const absl::Status status = CheckTensor(spec, *it->second);
    if (!status.ok()) return status;
    const TensorType type = spec.matrix ? TypeInFile(matrices) : TensorType::kF32;
    PlannedTensor planned = {it->second, type};
    if (type == TensorType::kI8) {
      planned.row_scales = &plan.scales.emplace_back(RowScales(*it->second));
      plan.tensors.push_back({planned.row_scales, TensorType::kF32});
    }
    (type == TensorType::kF32 ? plan.tensors : small).push_back(planned);
    by_name.erase(it);
  }
  if (!by_name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor \"", by_name.begin()->first, "\" does not belong to this model"));
  }
  plan.tensors.insert(plan.tensors.end(), small.begin(), small.end());
  return plan;
}

std::string WithLength(const json& header) {
  std::string text = header.dump();
  const size_t unpadded = kLengthBytes + text.size();
  text.append((kDataAlignment - unpadded % kDataAlignment) % kDataAlignment, ' ');
  std::string bytes;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    bytes += static_cast<char>(uint64_t{text.size()} >> (8 * i));
  }
  return bytes + text;
}

std::string HeaderBytes(const std::map<std::string, std::string>& metadata,
                        const std::vector<PlannedTensor>& plan) {
  json header;
  header["__metadata__"] = metadata;
  int64_t offset = 0;
  for (const auto& [tensor, type, row_scales] : plan) {
    const int64_t bytes = static_cast<int64_t>(tensor->values.size()) * TensorTypeBytes(type);
    header[tensor->name] = {{"dtype", TensorTypeName(type)},
                            {"shape", tensor->shape},
                            {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  return WithLength(header);
}

std::string TensorBytes(const PlannedTensor& planned) {
  const std::vector<float>& values = planned.tensor->values;
  if (planned.type == TensorType::kF32) {
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  }
  if (planned.type == TensorType::kI8) {
    const std::vector<float>& scales = planned.row_scales->values;
    const size_t columns = values.size() / scales.size();
    std::string bytes(values.size(), 0);
    for (size_t i = 0; i < values.size(); ++i) {
      const float scale = scales[i / columns];
      bytes[i] = scale > 0
                     ? static_cast<char>(std::clamp(std::lround(values[i] / scale), -127L, 127L))
                     : 0;
    }
    return bytes;
  }
  std::vector<kernels::BFloat16> rounded;
  rounded.reserve(values.size());
  for (const float value : values) {
    rounded.push_back(kernels::FromFloat<kernels::BFloat16>(value));
  }
  return std::string(reinterpret_cast<const char*>(rounded.data()),
                     rounded.size() * sizeof(kernels::BFloat16));
}

}  // namespace

absl::Status WriteModelFile(const std::string& path, const ModelConfig& config,
                            std::map<std::string, std::string> metadata,
                            const std::vector<NamedTensor>& tensors, MatrixType matrices) {
  if (const absl::Status status = config.Validate(); !status.ok()) return status;
  metadata.insert_or_assign(kFormatKey, std::string(kFormat));
  metadata.insert_or_assign(kConfigKey, config.ToJson());
  for (const auto& [key, value] : metadata) {
    if (!IsValidUtf8(key) || !IsValidUtf8(value)) {
      return absl::InvalidArgumentError(absl::StrCat("metadata: \"", key, "\" is not valid UTF-8"));
    }
  }
  const absl::StatusOr<FilePlan> plan = Plan(config, tensors, matrices);
  if (!plan.ok()) return plan.status();

  AtomicFile file(path);
  if (const absl::Status status = file.Open(); !status.ok()) return status;
  absl::Status status = file.Write(HeaderBytes(metadata, plan->tensors));
  for (size_t i = 0; i < plan->tensors.size() && status.ok(); ++i) {
    status = file.Write(TensorBytes(plan->tensors[i]));
  }
  if (!status.ok()) return status;
  return file.Commit();
}

absl::Status SetModelMetadata(const std::string& path, const std::string& key,
                              const std::string& value) {
  if (!IsValidUtf8(key) || !IsValidUtf8(value)) {
    return absl::InvalidArgumentError(absl::StrCat("metadata: \"", key, "\" is not valid UTF-8"));
  }
  if (const auto model = ModelFile::Open(path); !model.ok()) return model.status();
  const auto mapped = MappedFile::Open(path);
  if (!mapped.ok()) return mapped.status();
  const auto bytes = (*mapped)->bytes();
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  uint64_t length = 0;  // within the file: ModelFile has checked it
  for (size_t i = kLengthBytes; i-- > 0;) length = length << 8 | bytes[i];
  json header = json::parse(all.substr(kLengthBytes, length), nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) return absl::InvalidArgumentError(absl::StrCat(path, ": no header"));
  header["__metadata__"][key] = value;

  AtomicFile file(path);
  absl::Status status = file.Open();
  if (status.ok()) status = file.Write(WithLength(header));
  if (status.ok()) status = file.Write(all.substr(kLengthBytes + length));
  return status.ok() ? file.Commit() : status;
}

}  // namespace rill
