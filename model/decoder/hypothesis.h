// What a decoder says about a stretch of audio. Plain values; any thread.
// Times count 16 kHz samples since the stream began, never since a reset or an endpoint.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rill {

// What the model said of a word's letters.
struct WordEvidence {
  // Of each letter's highest log-probability while it was being said.
  float mean_log_prob = 0;
  float least_log_prob = 0;
  // Of a beam's final: how far the word is from what the likeliest letters spell there, as an edit
  // distance for each byte of the word; at most 2.
  float misspelling = 0;
  // Of a beam's: the word's letters or, if it was found by phones, a byte for each of these.
  std::string letters = {};
};

struct Word {
  std::string text;
  int64_t start = 0;  // samples
  int64_t end = 0;
  float confidence = 0;  // 0..1
  // How much of the decoder agrees that the text so far goes up to this word like this, 0 to 1. At
  // 1 it is settled: nothing to come changes it.
  float agreement = 1;
  WordEvidence evidence = {};
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
  float stability = 0;   // 0..1; of an interim result's words: the share that is likely to stay
  // The beam's natural-log score since the utterance began: to compare the alternatives of one
  // utterance, nothing else. 0 if the decoder has none.
  double score = 0;
};

}  // namespace rill
