#include "model/training/data/corpus_weights.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rill::training {
namespace {

bool Fits(const std::string& pattern, const std::string& name) {
  if (pattern.empty() || pattern.back() != '*') return pattern == name;
  return name.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
}

}  // namespace

double WeightOf(const CorpusWeights& weights, const std::string& corpus) {
  if (const auto exact = weights.find(corpus); exact != weights.end()) return exact->second;
  double weight = 1;
  size_t longest = 0;
  for (const auto& [pattern, value] : weights) {
    if (pattern.size() > longest && Fits(pattern, corpus)) {
      weight = value;
      longest = pattern.size();
    }
  }
  return weight;
}

absl::Status CheckAllFit(const std::string& field, const CorpusWeights& weights,
                         const std::vector<std::string>& corpora) {
  for (const auto& [pattern, value] : weights) {
    const bool fits = std::any_of(corpora.begin(), corpora.end(),
                                  [&p = pattern](const auto& name) { return Fits(p, name); });
    if (!fits) {
      return absl::InvalidArgumentError(absl::StrCat(field, ": no corpus is named ", pattern,
                                                     "; there are ", absl::StrJoin(corpora, ", ")));
    }
  }
  return absl::OkStatus();
}

}  // namespace rill::training
