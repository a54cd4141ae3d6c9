#include "model/training/data/token_ngram.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rill::training {
namespace {

// What floats still multiply well.
constexpr double kLeastWeight = 1e-20;

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

absl::StatusOr<TokenNgram> TokenNgram::Build(const std::vector<std::vector<int32_t>>& texts,
                                             int64_t vocab, int32_t before,
                                             const TokenNgramOptions& options) {
  std::map<History, Followers> counts = Count(texts, before, options.order);
  // Every token is a history, so that a state says which came last.
  for (int32_t token = 1; token < vocab; ++token) counts[{token}];
  // In order of length: a state builds on its history without the first token, which is a state,
  // too, being no rarer.
  std::vector<const History*> histories;
  for (const auto& [history, followers] : counts) {
    if (history.size() < 2 || Total(followers) >= options.least_count) {
      histories.push_back(&history);
    }
  }
  const auto states = static_cast<int64_t>(histories.size());
  if (states > kMaxNgramWeights / vocab) {
    return absl::InvalidArgumentError(
        absl::StrCat("CRF: ", options.order, "-grams of these texts have ", states, " states of ",
                     vocab, " tokens: take a lower order"));
  }
  std::stable_sort(histories.begin(), histories.end(),
                   [](const History* a, const History* b) { return a->size() < b->size(); });

  std::map<History, int32_t> index;
  for (const History* history : histories) {
    index.emplace(*history, static_cast<int32_t>(index.size()));
  }
  TokenNgram model;
  model.vocab_ = vocab;
  model.next_.resize(states * vocab);
  std::vector<double> probabilities(states * vocab, 1.0 / static_cast<double>(vocab - 1));
  for (int64_t state = 0; state < states; ++state) {
    const History& history = *histories[state];
    model.last_.push_back(history.empty() ? 0 : history.back());
    double* p = probabilities.data() + state * vocab;
    int32_t* next = model.next_.data() + state * vocab;
    if (!history.empty()) {
      const int64_t lower = index.at(History(history.begin() + 1, history.end())) * vocab;
      std::copy_n(probabilities.data() + lower, vocab, p);
      std::copy_n(model.next_.data() + lower, vocab, next);
    }
    const Followers& followers = counts.at(history);
    if (!followers.empty()) {
      const auto different = static_cast<double>(followers.size());
      const double all = static_cast<double>(Total(followers)) + different;
      for (int64_t k = 1; k < vocab; ++k) p[k] *= different / all;
      for (const auto& [token, count] : followers) p[token] += static_cast<double>(count) / all;
    }
    for (int32_t k = 1; k < vocab; ++k) {
      if (!history.empty() && followers.count(k) == 0) continue;
      History longer = history;
      longer.push_back(k);
      if (const auto found = index.find(longer); found != index.end()) next[k] = found->second;
    }
  }
  model.weights_.reserve(probabilities.size());
  for (const double p : probabilities) {
    const double weight = std::exp(options.scale * std::log(p) + options.token_bonus);
    model.weights_.push_back(static_cast<float>(std::max(weight, kLeastWeight)));
  }
  model.start_ = before == 0 ? 0 : index.at({before});
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
