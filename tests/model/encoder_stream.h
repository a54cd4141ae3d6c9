// A stream in the tests of the encoders, on whatever device: what it hears, what it has got, and
// the steps of several such streams at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "model/encoder/encoder.h"

namespace rill {

struct EncoderStream {
  int slot;
  int chunk;                     // frames
  std::vector<float> features;   // [4 * frames, bins]
  std::vector<float> log_probs;  // of the frames that are done
  int done = 0;                  // frames
};

// The rows of a step that brings frames[i] frames of streams[i]; none for 0.
inline std::vector<EncoderRow> EncoderRows(const std::vector<EncoderStream*>& streams,
                                           const std::vector<int>& frames, int bins) {
  std::vector<EncoderRow> rows;
  for (size_t i = 0; i < streams.size(); ++i) {
    rows.push_back({streams[i]->slot, streams[i]->chunk, frames[i],
                    streams[i]->features.data() + size_t{4} * streams[i]->done * bins});
  }
  return rows;
}

// Gives the streams what that step has made of their frames.
inline void TakeStep(const std::vector<EncoderStream*>& streams, const std::vector<int>& frames,
                     int64_t vocab, const std::vector<float>& log_probs) {
  auto from = log_probs.begin();
  for (size_t i = 0; i < streams.size(); ++i) {
    const auto to = from + frames[i] * vocab;
    streams[i]->log_probs.insert(streams[i]->log_probs.end(), from, to);
    streams[i]->done += frames[i];
    from = to;
  }
}

}  // namespace rill
