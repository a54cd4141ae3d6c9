#include "model/file/safetensors.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace rill {
namespace {

using nlohmann::json;

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 8 << 20;
constexpr int kMaxDepth = 3;  // file object, tensor object, shape array
constexpr size_t kMaxRank = 8;
constexpr size_t kMaxNameBytes = 256;
constexpr char kMetadataKey[] = "__metadata__";

absl::Status HeaderError(const std::string& problem) {
  return absl::InvalidArgumentError(absl::StrCat("header: ", problem));
}

absl::Status TensorError(const std::string& name, const std::string& problem) {
  return absl::InvalidArgumentError(absl::StrCat("tensor \"", name, "\": ", problem));
}

// A DOM keeps the last of two equal keys without a word and has no bound on its depth: both are
// caught while parsing.
absl::StatusOr<json> ParseHeaderJson(absl::Span<const uint8_t> text) {
  bool too_deep = false;
  std::vector<std::set<std::string>> keys(kMaxDepth + 1);
  std::string duplicate;
  const auto check = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kMaxDepth) {
      too_deep = true;
      return false;
    }
    if (event == json::parse_event_t::object_start && depth < kMaxDepth) keys[depth + 1].clear();
    if (event == json::parse_event_t::key && !keys[depth].insert(value.get<std::string>()).second) {
      duplicate = value.get<std::string>();
    }
    return true;
  };
  json header = json::parse(text.begin(), text.end(), check, /*allow_exceptions=*/false);
  if (too_deep) return HeaderError("nested too deeply");
  if (header.is_discarded()) return HeaderError("not valid JSON");
  if (!header.is_object()) return HeaderError("not a JSON object");
  if (!duplicate.empty()) return HeaderError(absl::StrCat("\"", duplicate, "\" is there twice"));
  return header;
}

// A JSON integer in 0 .. 2^53, beyond which other readers would round.
bool ReadCount(const json& value, int64_t* count) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > (uint64_t{1} << 53)) return false;
  *count = static_cast<int64_t>(value.get<uint64_t>());
  return true;
}

absl::Status ReadType(const json& value, SafetensorsEntry* entry) {
  for (const TensorType type :
       {TensorType::kF32, TensorType::kF16, TensorType::kBF16, TensorType::kI8}) {
    if (value == TensorTypeName(type)) {
      entry->type = type;
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError("dtype must be F32, F16, BF16 or I8");
}

absl::Status ReadShape(const json& value, SafetensorsEntry* entry) {
  if (!value.is_array() || value.size() > kMaxRank) {
    return absl::InvalidArgumentError(
        absl::StrCat("shape must be an array of at most ", kMaxRank, " extents"));
  }
  entry->size = 1;
  for (const json& item : value) {
    int64_t extent;
    if (!ReadCount(item, &extent) || extent == 0) {
      return absl::InvalidArgumentError("shape must have positive integer extents");
    }
    if (__builtin_mul_overflow(entry->size, extent, &entry->size)) {
      return absl::InvalidArgumentError("shape is too large");
    }
    entry->shape.push_back(extent);
  }
  return absl::OkStatus();
}

// data_offsets, counted from the header's end; `data_bytes` lie there.
absl::Status ReadOffsets(const json& value, int64_t data_bytes, SafetensorsEntry* entry) {
  int64_t begin, end;
  if (!value.is_array() || value.size() != 2 || !ReadCount(value[0], &begin) ||
      !ReadCount(value[1], &end) || begin > end) {
    return absl::InvalidArgumentError("data_offsets must be two integers, begin <= end");
  }
  if (end > data_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("data_offsets end at ", end, ", beyond the file's ", data_bytes, " bytes"));
  }
  int64_t bytes;
  if (__builtin_mul_overflow(entry->size, TensorTypeBytes(entry->type), &bytes) ||
      bytes != end - begin) {
    return absl::InvalidArgumentError(absl::StrCat("data_offsets span ", end - begin,
                                                   " bytes, but dtype and shape need another"
                                                   " number"));
  }
  entry->offset = begin;
  return absl::OkStatus();
}

absl::StatusOr<SafetensorsEntry> ReadEntry(const json& value, int64_t data_bytes) {
  if (!value.is_object()) return absl::InvalidArgumentError("must be an object");
  for (const char* field : {"dtype", "shape", "data_offsets"}) {
    if (!value.contains(field))
      return absl::InvalidArgumentError(absl::StrCat(field, " is missing"));
  }
  if (value.size() != 3) return absl::InvalidArgumentError("has an unknown field");
  SafetensorsEntry entry;
  absl::Status status = ReadType(value["dtype"], &entry);
  if (status.ok()) status = ReadShape(value["shape"], &entry);
  if (status.ok()) status = ReadOffsets(value["data_offsets"], data_bytes, &entry);
  if (!status.ok()) return status;
  return entry;
}

absl::Status ReadMetadata(const json& value, std::map<std::string, std::string>* metadata) {
  if (!value.is_object()) return HeaderError("__metadata__ must be an object of strings");
  for (const auto& [key, item] : value.items()) {
    if (!item.is_string()) {
      return HeaderError(absl::StrCat("__metadata__: \"", key, "\" must be a string"));
    }
    (*metadata)[key] = item.get<std::string>();
  }
  return absl::OkStatus();
}

absl::Status CheckTiling(const std::map<std::string, SafetensorsEntry>& entries,
                         int64_t data_bytes) {
  std::vector<std::pair<int64_t, const std::string*>> order;
  for (const auto& [name, entry] : entries) order.emplace_back(entry.offset, &name);
  std::sort(order.begin(), order.end());
  int64_t end = 0;
  for (const auto& [offset, name] : order) {
    if (offset != end) {
      return TensorError(*name, absl::StrCat("data_offsets begin at ", offset,
                                             ", the tensor before", " ends at ", end));
    }
    const SafetensorsEntry& entry = entries.at(*name);
    end += entry.size * TensorTypeBytes(entry.type);
  }
  if (end != data_bytes) {
    return HeaderError(absl::StrCat("the tensors end at ", end, " of ", data_bytes, " bytes"));
  }
  return absl::OkStatus();
}

}  // namespace

int64_t TensorTypeBytes(TensorType type) {
  if (type == TensorType::kI8) return 1;
  return type == TensorType::kF32 ? 4 : 2;
}

const char* TensorTypeName(TensorType type) {
  switch (type) {
    case TensorType::kF32:
      return "F32";
    case TensorType::kF16:
      return "F16";
    case TensorType::kBF16:
      return "BF16";
    case TensorType::kI8:
      return "I8";
  }
  return "";
}

absl::StatusOr<SafetensorsHeader> ParseSafetensors(absl::Span<const uint8_t> file) {
  if (file.size() < kLengthBytes) {
    return HeaderError(absl::StrCat("the file has only ", file.size(), " bytes"));
  }
  uint64_t length = 0;
  for (uint64_t i = 0; i < kLengthBytes; ++i) length |= uint64_t{file[i]} << (8 * i);
  if (length > kMaxHeaderBytes || length > file.size() - kLengthBytes) {
    return HeaderError(absl::StrCat("its length, ", length, " bytes, does not fit a file of ",
                                    file.size(), " bytes (limit ", kMaxHeaderBytes, ")"));
  }
  const absl::StatusOr<json> object = ParseHeaderJson(file.subspan(kLengthBytes, length));
  if (!object.ok()) return object.status();

  const int64_t data_start = static_cast<int64_t>(kLengthBytes + length);
  const int64_t data_bytes = static_cast<int64_t>(file.size()) - data_start;
  SafetensorsHeader header;
  for (const auto& [name, value] : object->items()) {
    if (name == kMetadataKey) {
      const absl::Status status = ReadMetadata(value, &header.metadata);
      if (!status.ok()) return status;
      continue;
    }
    if (name.size() > kMaxNameBytes) return HeaderError("a tensor's name is too long");
    absl::StatusOr<SafetensorsEntry> entry = ReadEntry(value, data_bytes);
    if (!entry.ok()) {
      return TensorError(name, std::string(entry.status().message()));
    }
    header.entries.emplace(name, *std::move(entry));
  }
  const absl::Status status = CheckTiling(header.entries, data_bytes);
  if (!status.ok()) return status;
  for (auto& [name, entry] : header.entries) entry.offset += data_start;
  return header;
}

}  // namespace rill
