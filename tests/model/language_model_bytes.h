// The bytes of a language model file, for tests that change them.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "model/file/sha256.h"
#include "model/language_model/file_layout.h"

namespace rill {

inline std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// So that a damaged field, and not the hash, is what Open finds.
inline void Rehash(std::string* file) {
  const std::string hash = Sha256Hex(
      {reinterpret_cast<const uint8_t*>(file->data()) + kHashedFrom, file->size() - kHashedFrom});
  file->replace(kHashOffset, hash.size(), hash);
}

}  // namespace rill
