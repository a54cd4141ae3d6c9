#include "tests/bench/decoding/ctc_alignment.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "model/file/utf8.h"

namespace rill {
namespace {

constexpr float kNever = -1e30f;

// Every second state is a blank; state 2 i + 1 is label i.
struct Labels {
  std::vector<int> tokens;
  std::vector<int> words;  // the word of each; -1: a space
};

bool MakeLabels(const std::vector<std::string>& tokens, const std::vector<std::string>& words,
                Labels* labels) {
  const auto add = [&](const std::string& letter, int word) {
    const auto found = std::find(tokens.begin(), tokens.end(), letter);
    if (found == tokens.end()) return false;
    labels->tokens.push_back(static_cast<int>(found - tokens.begin()));
    labels->words.push_back(word);
    return true;
  };
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && !add(" ", -1)) return false;
    for (size_t at = 0; at < words[i].size();) {
      const size_t size = Utf8CharacterSize(std::string_view(words[i]).substr(at));
      if (!add(words[i].substr(at, size), static_cast<int>(i))) return false;
      at += size;
    }
  }
  return true;
}

}  // namespace

std::vector<AlignedSpan> AlignText(absl::Span<const float> log_probs, size_t outputs,
                                   const std::vector<std::string>& tokens,
                                   const std::vector<std::string>& words) {
  Labels labels;
  if (words.empty() || !MakeLabels(tokens, words, &labels)) return {};
  const int frames = static_cast<int>(log_probs.size() / outputs);
  const int states = 2 * static_cast<int>(labels.tokens.size()) + 1;
  const auto token = [&](int state) { return state % 2 == 0 ? 0 : labels.tokens[state / 2]; };
  // A state is entered from itself, the one before, or past a blank between two different letters.
  const auto steps = [&](int state) {
    return state % 2 == 0 || state < 3 || token(state) == token(state - 2) ? 1 : 2;
  };
  std::vector<float> best(states, kNever), next(states);
  std::vector<uint8_t> came(static_cast<size_t>(frames) * states);
  for (int t = 0; t < frames; ++t) {
    const float* frame = log_probs.data() + static_cast<size_t>(t) * outputs;
    for (int state = 0; state < states; ++state) {
      float from = t == 0 && state < 2 ? 0 : best[state];
      uint8_t step = 0;
      for (int back = 1; back <= std::min(steps(state), state); ++back) {
        if (t == 0 || best[state - back] <= from) continue;
        from = best[state - back];
        step = static_cast<uint8_t>(back);
      }
      next[state] = from <= kNever ? kNever : from + frame[token(state)];
      came[static_cast<size_t>(t) * states + state] = step;
    }
    best.swap(next);
  }
  if (frames == 0) return {};
  int state = best[states - 1] > best[states - 2] ? states - 1 : states - 2;
  if (best[state] <= kNever) return {};
  std::vector<AlignedSpan> spans(words.size(), {-1, -1});
  for (int t = frames - 1; t >= 0; --t) {
    if (state % 2 == 1 && labels.words[state / 2] >= 0) {
      AlignedSpan& span = spans[labels.words[state / 2]];
      span.first = t;
      if (span.last < 0) span.last = t;
    }
    state -= came[static_cast<size_t>(t) * states + state];
  }
  return spans;
}

}  // namespace rill
