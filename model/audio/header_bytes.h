// Gathers a header's next part, cut anywhere, until it is whole. Single thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

class HeaderBytes {
 public:
  // Starts a new part of `size` bytes, which the caller has bounded.
  void Want(size_t size) {
    bytes_.clear();
    wanted_ = size;
  }

  // Moves bytes from the front of *input. True if the part is whole.
  bool Take(absl::Span<const uint8_t>* input) {
    const size_t count = std::min(wanted_ - bytes_.size(), input->size());
    bytes_.insert(bytes_.end(), input->begin(), input->begin() + count);
    input->remove_prefix(count);
    return bytes_.size() == wanted_;
  }

  // Of the size that the loader expects, min_size to max_size.
  void Save(StateWriter& writer) const {
    writer.Write<uint64_t>(wanted_);
    writer.WriteAll<uint8_t>(bytes_);
  }
  void Load(StateReader& reader, size_t min_size, size_t max_size) {
    wanted_ = reader.ReadCount(max_size, "header size");
    reader.Require(wanted_ >= min_size, "header size");
    bytes_ = reader.ReadAll<uint8_t>(wanted_, "header bytes");
  }

  absl::Span<const uint8_t> bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
  size_t wanted_ = 0;
};

}  // namespace rill
