// From text to the labels of a model that hears phones (ModelConfig::phones): each word's phones,
// as a file of pronunciations (model/language_model/pronunciations.h) has them, and a space behind
// it.
//
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/language_model/pronunciations.h"

namespace rill::training {

class PhoneTable {
 public:
  // The file's errors (see Pronunciations::Read).
  static absl::StatusOr<PhoneTable> Open(const std::string& file);

  // ModelConfig::phones of a model that hears those of the file: blank, space, then the file's.
  const std::vector<std::string>& phones() const { return phones_; }
  // The label of the space.
  int32_t space() const { return 1; }

  // Empty for a text without words. InvalidArgument naming the word that the file does not have.
  absl::StatusOr<std::vector<int32_t>> Encode(const std::string& text) const;

 private:
  PhoneTable(const std::string& file, Pronunciations pronunciations);

  std::string file_;
  Pronunciations pronunciations_;
  std::vector<std::string> phones_;
};

}  // namespace rill::training
