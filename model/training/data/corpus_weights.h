// Picks a corpus's number out of a map from names and patterns. Pure functions; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace rill::training {

using CorpusWeights = std::map<std::string, double>;  // "fsdd": 0.2, "speech-commands*": 0.2

// The exact name's number, else that of the longest pattern (letters and a star) that fits, else 1.
double WeightOf(const CorpusWeights& weights, const std::string& corpus);

// InvalidArgument if a name or pattern fits no corpus: most likely a typing error. `field` is for
// the message.
absl::Status CheckAllFit(const std::string& field, const CorpusWeights& weights,
                         const std::vector<std::string>& corpora);

}  // namespace rill::training
