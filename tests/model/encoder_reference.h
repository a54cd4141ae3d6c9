// The encoder in its parallel form, in double precision and plain loops over a whole recording:
// what the recurrent one must agree with. Written from model/file/tensor_names.h alone. For tests;
// pure functions.
#pragma once

#include <vector>

#include "model/file/model_file.h"

namespace rill {

// features: [4 * frames, mel_bins]. Chunks of `chunk_frames` from the start; the last may be
// shorter. Returns log-probabilities [frames, vocab].
std::vector<double> ReferenceLogProbs(const ModelFile& file, const std::vector<float>& features,
                                      int chunk_frames);

}  // namespace rill
