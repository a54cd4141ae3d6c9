#include "tests/bench/decoding/interim_results.h"

#include <algorithm>

namespace rill {
namespace {

size_t CommonWords(const std::vector<Word>& a, const std::vector<Word>& b) {
  size_t common = 0;
  while (common < std::min(a.size(), b.size()) && a[common].text == b[common].text) ++common;
  return common;
}

}  // namespace

double JudgedInterim::survivors() const {
  const auto count = std::count(survives.begin(), survives.end(), true);
  return survives.empty() ? 1 : static_cast<double>(count) / static_cast<double>(survives.size());
}

InterimHistory JudgeInterims(const std::vector<StreamEvent>& events) {
  InterimHistory history;
  size_t open = 0;  // the first interim of the utterance at hand
  for (const StreamEvent& event : events) {
    const bool final = event.kind == StreamEvent::Kind::kFinal;
    if (!final && event.kind != StreamEvent::Kind::kInterim) continue;
    const std::vector<Word>& words = event.hypothesis.words;
    if (history.interims.size() > open) {
      const std::vector<Word>& before = history.interims.back().event.hypothesis.words;
      history.taken_back.push_back(static_cast<int>(before.size() - CommonWords(before, words)));
    }
    if (!final) {
      history.interims.push_back({event, {}});
      continue;
    }
    for (; open < history.interims.size(); ++open) {
      JudgedInterim& interim = history.interims[open];
      const std::vector<Word>& then = interim.event.hypothesis.words;
      for (size_t i = 0; i < then.size(); ++i) {
        interim.survives.push_back(i < words.size() && words[i].text == then[i].text);
      }
    }
  }
  history.interims.resize(open);
  return history;
}

}  // namespace rill
