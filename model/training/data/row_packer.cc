#include "model/training/data/row_packer.h"

#include <cstddef>

namespace rill::training {

RowPacker::RowPacker(int64_t row_frames, bool one_a_row)
    : row_frames_(row_frames), one_a_row_(one_a_row), open_(static_cast<size_t>(row_frames) + 1) {}

RowPacker::Place RowPacker::Add(int64_t frames) {
  if (one_a_row_) return {rows_++, 0};
  int64_t free = frames;
  while (free < row_frames_ && open_[free].empty()) ++free;
  Place place{rows_, 0};
  if (!open_[free].empty()) {
    place = {open_[free].back(), row_frames_ - free};
    open_[free].pop_back();
  } else {
    ++rows_;
    free = row_frames_;
  }
  open_[free - frames].push_back(place.row);
  return place;
}

}  // namespace rill::training
