// Best-fit bin packing: each clip goes into the fullest open row that still has room for it, or
// into a new one (Johnson, 1973). In random order, with many clips shorter than a row, about one
// per cent stays empty. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace rill::training {

class RowPacker {
 public:
  struct Place {
    int64_t row;
    int64_t first;  // frame in the row
  };

  // one_a_row: every clip into a row of its own.
  explicit RowPacker(int64_t row_frames, bool one_a_row = false);

  // 0 < frames <= row_frames.
  Place Add(int64_t frames);

  int64_t rows() const { return rows_; }

 private:
  int64_t row_frames_;
  bool one_a_row_;
  int64_t rows_ = 0;
  std::vector<std::vector<int64_t>> open_;  // [free frames]: rows
};

}  // namespace rill::training
