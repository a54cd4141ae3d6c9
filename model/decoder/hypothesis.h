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

// Their texts, joined by one space.
inline std::string JoinWords(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words) {
    if (!text.empty()) text += ' ';
    text += word.text;
  }
  return text;
}

struct Hypothesis {
  std::string text;  // JoinWords(words)
  std::vector<Word> words;
  float confidence = 0;  // of all words; 0 if there are none
  // The beam's natural-log score since the utterance began: to compare the alternatives of one
  // utterance, nothing else. 0 if the decoder has none.
  double score = 0;
};

}  // namespace rill
