#include "model/training/data/token_table.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "model/file/utf8.h"

namespace rill::training {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

absl::Status NoToken(std::string_view character) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", std::string(character), "' in the text is not a token of the model"));
}

}  // namespace

absl::StatusOr<TokenTable> TokenTable::Create(const std::vector<std::string>& tokens,
                                              const std::vector<float>& scores) {
  TokenTable table;
  table.scores_ = scores;
  for (size_t i = 1; i < tokens.size(); ++i) {
    if (tokens[i].empty() || (scores.empty() && Utf8CharacterSize(tokens[i]) != tokens[i].size())) {
      return absl::InvalidArgumentError(
          absl::StrCat("tokens[", i, "] is '", tokens[i],
                       "', and not one character; a model of pieces needs token_scores"));
    }
    table.ids_.emplace(tokens[i], static_cast<int32_t>(i));
    table.longest_ = std::max(table.longest_, tokens[i].size());
    if (tokens[i] == " ") table.space_ = static_cast<int32_t>(i);
  }
  return table;
}

absl::StatusOr<std::vector<int32_t>> TokenTable::Encode(const std::string& text) const {
  std::string tidy = text;
  absl::RemoveExtraAsciiWhitespace(&tidy);
  if (scores_.empty()) return EncodeCharacters(tidy);
  if (tidy.empty()) return std::vector<int32_t>();
  return EncodePieces(absl::StrCat(" ", tidy));
}

absl::StatusOr<std::vector<int32_t>> TokenTable::EncodeCharacters(std::string_view text) const {
  std::vector<int32_t> labels;
  while (!text.empty()) {
    const std::string character(text.substr(0, Utf8CharacterSize(text)));
    text.remove_prefix(character.size());
    const auto found = ids_.find(character);
    if (found == ids_.end()) return NoToken(character);
    labels.push_back(found->second);
  }
  return labels;
}

// Viterbi: the best cut up to each byte ends with the best last piece.
absl::StatusOr<std::vector<int32_t>> TokenTable::EncodePieces(std::string_view text) const {
  struct Cut {
    double score = kNever;
    int32_t last = 0;   // token
    size_t before = 0;  // where it begins
  };
  std::vector<Cut> best(text.size() + 1);
  best[0].score = 0;
  size_t reached = 0;
  std::string piece;
  for (size_t begin = 0; begin < text.size(); ++begin) {
    if (best[begin].score == kNever) continue;
    for (size_t size = 1; size <= std::min(longest_, text.size() - begin); ++size) {
      const auto found = ids_.find(piece.assign(text.substr(begin, size)));
      if (found == ids_.end()) continue;
      Cut& cut = best[begin + size];
      const double score = best[begin].score + scores_[found->second];
      if (score > cut.score) cut = {score, found->second, begin};
      reached = std::max(reached, begin + size);
    }
  }
  if (best.back().score == kNever) {
    const std::string_view rest = text.substr(reached);
    return NoToken(rest.substr(0, Utf8CharacterSize(rest)));
  }
  std::vector<int32_t> labels;
  for (size_t end = text.size(); end > 0; end = best[end].before) labels.push_back(best[end].last);
  std::reverse(labels.begin(), labels.end());
  return labels;
}

}  // namespace rill::training
