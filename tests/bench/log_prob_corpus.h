// The recordings of a manifest with what the encoder makes of them, computed once, so that decoding
// can be tried with many settings. Used by one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/encoder/encoder.h"

namespace rill {

struct LogProbClip {
  std::string text;              // what was said
  double seconds = 0;            // of audio
  std::vector<float> log_probs;  // [frames, vocabulary]
};

struct LogProbCorpus {
  std::string name;
  std::vector<LogProbClip> clips;
};

// Every manifest.tsv in or below `paths`, heard in chunks of `chunk_frames`. Errors name the file.
absl::StatusOr<std::vector<LogProbCorpus>> ReadLogProbs(const std::vector<std::string>& paths,
                                                        const Encoder& encoder, int chunk_frames);

}  // namespace rill
