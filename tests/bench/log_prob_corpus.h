// The recordings of a manifest with what the encoder makes of them, computed once, so that decoding
// can be tried with many settings. Used by one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/encoder/encoder.h"

namespace rill {

struct LogProbClip {
  std::string text;    // what was said
  double seconds = 0;  // of audio
  // Where it gets and stops being loud: the first and the end of the last 10 ms with a hundredth
  // of the power that the loudest twentieth has, or more. 0 if it is silent.
  int64_t loud_begin = 0, loud_end = 0;  // samples
  std::vector<float> log_probs;          // [frames, vocabulary]
};

struct LogProbCorpus {
  std::string name;
  std::vector<LogProbClip> clips;
};

// Every manifest.tsv in or below `paths`, heard in chunks of `chunk_frames`. Errors name the file.
absl::StatusOr<std::vector<LogProbCorpus>> ReadLogProbs(const std::vector<std::string>& paths,
                                                        const Encoder& encoder, int chunk_frames);

// Recordings that no manifest lists, with nothing said: those in or below each folder that training
// leaves out, but for those that a pattern of `without` fits, such as "voice-*".
absl::StatusOr<std::vector<LogProbCorpus>> ReadNoiseLogProbs(
    const std::vector<std::string>& folders, const std::vector<std::string>& without,
    const Encoder& encoder, int chunk_frames);

// The same, but what was heard once with the model of this hash is kept in `folder`, and read from
// there the next time. If a recording changes, its file there must be deleted.
absl::StatusOr<std::vector<LogProbCorpus>> ReadLogProbsOnce(const std::vector<std::string>& paths,
                                                            const Encoder& encoder,
                                                            int chunk_frames,
                                                            const std::string& model_hash,
                                                            const std::string& folder);

}  // namespace rill
