// How results are written, whatever wire carries them. Pure functions; any thread.
#pragma once

#include "model/decoder/hypothesis.h"

namespace rill::server {

inline constexpr int kSamplesPerMs = 16;  // of the times of words and events

struct ResultFormat {
  bool word_times = false;
  bool inverse_text_normalization = false;
  bool mask_profanity = false;
};

// `spoken` as the client wants it: itself, or what is put into *memory.
const Hypothesis& Written(const Hypothesis& spoken, const ResultFormat& format, Hypothesis* memory);

}  // namespace rill::server
