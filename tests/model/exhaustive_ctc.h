// CTC decoding by trying every alignment: all texts that short audio may be, with their exact
// scores. What the tests hold the beam search against.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "model/decoder/decoder_options.h"
#include "tests/model/naive_language_model.h"

namespace rill {

// The frames' log-probabilities [vocabulary] and the tokens; tokens[0] is the blank.
using Frames = std::vector<std::vector<float>>;

// The probability of each text, its words parted by one space.
inline std::map<std::string, double> TextProbabilities(const Frames& frames,
                                                       const std::vector<std::string>& tokens,
                                                       double blank_penalty) {
  std::map<std::string, double> texts;
  std::vector<size_t> path(frames.size(), 0);
  while (true) {
    double log_prob = 0;
    std::string said;
    for (size_t t = 0; t < path.size(); ++t) {
      log_prob += frames[t][path[t]] - (path[t] == 0 ? blank_penalty : 0);
      if (path[t] != 0 && (t == 0 || path[t] != path[t - 1])) said += tokens[path[t]];
    }
    std::string text;
    for (const auto word : absl::StrSplit(said, ' ', absl::SkipEmpty())) {
      text.append(text.empty() ? "" : " ").append(word.data(), word.size());
    }
    texts[text] += std::exp(log_prob);
    size_t t = 0;
    while (t < path.size() && ++path[t] == tokens.size()) path[t++] = 0;
    if (t == path.size()) return texts;
  }
}

inline std::vector<std::string> Words(const std::string& text) {
  return absl::StrSplit(text, ' ', absl::SkipEmpty());
}

// What is added to the logarithm of a text's probability; -infinity if it must not be. `model`:
// null for none.
inline double TextScore(const std::string& text, const NaiveLanguageModel* model,
                        const BeamOptions& options, const std::vector<HotWord>& hot_words) {
  constexpr double kLn10 = 2.302585092994046;
  double score = 0;
  std::vector<std::string> history = {"<s>"};
  for (const std::string& word : Words(text)) {
    if (model == nullptr) continue;
    const double letters = static_cast<double>(word.size());
    score += options.word_bonus + options.letter_bonus * letters;
    if (model->Knows(word)) {
      score += options.lm_weight * kLn10 * model->Score(history, word);
      history.push_back(word);
      continue;
    }
    bool hot = false;
    for (const HotWord& hot_word : hot_words) {
      for (const std::string& part : Words(hot_word.phrase)) {
        hot |= hot_word.boost > 0 && part == word;
      }
    }
    if (options.lexicon && !hot) return -INFINITY;
    score -= options.lm_weight * options.unknown_word_penalty;
    if (!hot) score -= options.lm_weight * options.unknown_letter_penalty * letters;
    history.clear();
  }
  if (model != nullptr) score += options.lm_weight * kLn10 * model->Score(history, "</s>");
  const std::string padded = " " + text + " ";
  for (const HotWord& hot_word : hot_words) {
    const std::string phrase = " " + hot_word.phrase + " ";
    for (size_t at = padded.find(phrase); at != std::string::npos;
         at = padded.find(phrase, at + 1)) {
      score += hot_word.boost;
    }
  }
  return score;
}

}  // namespace rill
