// What a larger model hears in a corpus, for training to learn from beside the texts: for each
// clip and frame of 40 ms at speed 1 a few codes, each the number of the class in which one part of
// that model's output falls (L. Guo et al., "Predicting multi-codebook vector quantization indexes
// for knowledge distillation", ICASSP 2023). scripts/make_teacher_codes.py writes them.
//
// A file FOLDER/CORPUS.codes.tsv, tab separated, with the header path, frames, codes: a line for
// each clip of the manifest, in its order; codes are frames * groups bytes in base64.
//
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/training/data/manifest.h"

namespace rill::training {

inline constexpr int kTeacherClasses = 256;  // of a code: it is a byte
inline constexpr int64_t kMaxTeacherGroups = 64;

class TeacherCodes {
 public:
  // Null if the folder has no file for the corpus. InvalidArgument naming the file and line if its
  // clips are not the manifest's or not as long, or two clips have not as many codes a frame.
  static absl::StatusOr<std::unique_ptr<TeacherCodes>> Open(const std::string& folder,
                                                            const Manifest& manifest);

  int64_t groups() const { return groups_; }  // codes a frame; 0 if no clip has a frame

  // What the frames of a part of a clip, heard `speed` times as fast from `start_cut` feature
  // frames on, are to know: [frames, groups], each the codes of the frame before, since an encoder
  // that hears in chunks may have heard nothing of what follows. Before the clip's first and after
  // its last frame those are repeated. Empty if the clip has none.
  std::vector<uint8_t> Get(int64_t clip, double speed, int64_t start_cut, int64_t frames) const;

 private:
  TeacherCodes() = default;

  int64_t groups_ = 0;
  std::vector<std::string> codes_;  // a clip each: [frames, groups]
};

}  // namespace rill::training
