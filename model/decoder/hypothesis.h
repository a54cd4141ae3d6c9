// What a decoder says about a stretch of audio. Plain values; any thread.
// Times count 16 kHz samples since the stream began, never since a reset or an endpoint.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rill {

struct Word {
  std::string text;
  int64_t start = 0;  // samples
  int64_t end = 0;
  float confidence = 0;  // 0..1
};

struct Hypothesis {
  std::string text;  // words joined by one space
  std::vector<Word> words;
  float confidence = 0;  // of all words; 0 if there are none
};

}  // namespace rill
