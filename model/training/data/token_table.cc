#include "model/training/data/token_table.h"

#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "model/file/utf8.h"

namespace rill::training {

absl::StatusOr<TokenTable> TokenTable::Create(const std::vector<std::string>& tokens) {
  TokenTable table;
  for (size_t i = 1; i < tokens.size(); ++i) {
    if (tokens[i].empty() || Utf8CharacterSize(tokens[i]) != tokens[i].size()) {
      return absl::UnimplementedError(absl::StrCat("tokens[", i, "] is '", tokens[i],
                                                   "'; training knows single characters only"));
    }
    table.ids_.emplace(tokens[i], static_cast<int32_t>(i));
    if (tokens[i] == " ") table.space_ = static_cast<int32_t>(i);
  }
  return table;
}

absl::StatusOr<std::vector<int32_t>> TokenTable::Encode(const std::string& text) const {
  std::string tidy = text;
  absl::RemoveExtraAsciiWhitespace(&tidy);
  std::vector<int32_t> labels;
  std::string_view rest = tidy;
  while (!rest.empty()) {
    const std::string character(rest.substr(0, Utf8CharacterSize(rest)));
    rest.remove_prefix(character.size());
    const auto found = ids_.find(character);
    if (found == ids_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", character, "' in the text is not a token of the model"));
    }
    labels.push_back(found->second);
  }
  return labels;
}

}  // namespace rill::training
