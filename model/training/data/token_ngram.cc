#include "model/training/data/token_ngram.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace rill::training {
namespace {

using History = std::vector<int32_t>;
// Of a history: how often each token came next.
using Followers = std::map<int32_t, int64_t>;

std::map<History, Followers> Count(const std::vector<std::vector<int32_t>>& texts, int32_t before,
                                   int order) {
  std::map<History, Followers> counts;
  counts[{}];
  for (const std::vector<int32_t>& text : texts) {
    History line;
    if (before != 0) line.push_back(before);
    const size_t first = line.size();
    line.insert(line.end(), text.begin(), text.end());
    for (size_t i = first; i < line.size(); ++i) {
      for (size_t length = 0; length < static_cast<size_t>(order) && length <= i; ++length) {
        ++counts[History(line.begin() + i - length, line.begin() + i)][line[i]];
      }
    }
  }
  return counts;
}

int64_t Total(const Followers& followers) {
  int64_t total = 0;
  for (const auto& [token, count] : followers) total += count;
  return total;
}

}  // namespace

TokenNgram TokenNgram::Build(const std::vector<std::vector<int32_t>>& texts, int64_t vocab,
                             int32_t before, const TokenNgramOptions& options) {
  std::map<History, Followers> counts = Count(texts, before, options.order);
  // Every token that may come is the end of a history, so that a state says which came last.
  if (options.order > 1) {
    for (int32_t token = 1; token < vocab; ++token) counts[{token}];
  }
  std::map<History, int32_t> index;
  TokenNgram model;
  model.vocab_ = vocab;
  // In order of length: a state's probabilities build on those of its history without the first
  // token, which is a state, too, being no rarer.
  std::vector<const History*> histories;
  for (const auto& [history, followers] : counts) {
    if (history.size() < 2 || Total(followers) >= options.least_count) {
      histories.push_back(&history);
    }
  }
  std::stable_sort(histories.begin(), histories.end(),
                   [](const History* a, const History* b) { return a->size() < b->size(); });
  std::vector<double> probabilities;
  probabilities.reserve(histories.size() * vocab);
  for (const History* history : histories) {
    const auto state = static_cast<int32_t>(index.size());
    index[*history] = state;
    model.last_.push_back(history->empty() ? 0 : history->back());
    const size_t row = probabilities.size();
    if (history->empty()) {
      probabilities.insert(probabilities.end(), vocab, 1.0 / static_cast<double>(vocab - 1));
    } else {
      const size_t lower = index.at(History(history->begin() + 1, history->end())) * vocab;
      for (int64_t k = 0; k < vocab; ++k) probabilities.push_back(probabilities[lower + k]);
    }
    const Followers& followers = counts.at(*history);
    const auto different = static_cast<double>(followers.size());
    const double all = static_cast<double>(Total(followers)) + different;
    if (followers.empty()) continue;
    for (int64_t k = 1; k < vocab; ++k) probabilities[row + k] *= different / all;
    for (const auto& [token, count] : followers) {
      probabilities[row + token] += static_cast<double>(count) / all;
    }
  }

  const auto longest_suffix = [&](History history) {
    while (true) {
      const auto found = index.find(history);
      if (found != index.end()) return found->second;
      history.erase(history.begin());
    }
  };
  for (const History* history : histories) {
    model.next_.push_back(0);
    for (int32_t token = 1; token < vocab; ++token) {
      History longer = *history;
      longer.push_back(token);
      model.next_.push_back(longest_suffix(std::move(longer)));
    }
  }
  model.weights_.reserve(probabilities.size());
  for (const double p : probabilities) {
    model.weights_.push_back(
        static_cast<float>(std::exp(options.scale * std::log(p) + options.token_bonus)));
  }
  model.start_ = before == 0 ? 0 : longest_suffix({before});
  return model;
}

double TokenNgram::LogWeight(const std::vector<int32_t>& text) const {
  double sum = 0;
  int32_t state = start_;
  for (const int32_t token : text) {
    sum += std::log(weights(state)[token]);
    state = next(state)[token];
  }
  return sum;
}

}  // namespace rill::training
