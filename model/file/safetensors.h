// The header of a safetensors file, parsed and checked: an 8-byte little-endian header length, a
// JSON object of tensors (dtype, shape, byte range) and "__metadata__" (strings), then the tensors'
// bytes. Pure functions; any thread. Every error is InvalidArgument and names the field. Format:
// https://github.com/huggingface/safetensors (README, "Format").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace rill {

enum class TensorType { kF32, kF16, kBF16, kI8 };

int64_t TensorTypeBytes(TensorType type);
const char* TensorTypeName(TensorType type);

struct SafetensorsEntry {
  TensorType type = TensorType::kF32;
  std::vector<int64_t> shape;
  int64_t size = 0;    // the product of the shape
  int64_t offset = 0;  // bytes from the file's start
};

struct SafetensorsHeader {
  std::map<std::string, SafetensorsEntry> entries;
  std::map<std::string, std::string> metadata;
};

// `file`: the whole file. Checks that the entries tile the bytes after the header exactly: none
// overlap, none are left over.
absl::StatusOr<SafetensorsHeader> ParseSafetensors(absl::Span<const uint8_t> file);

}  // namespace rill
