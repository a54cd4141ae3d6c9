#include "model/training/tokens/piece_file.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "model/file/atomic_file.h"

namespace rill::training {
namespace {

constexpr std::array<absl::string_view, 3> kNotPieces = {"<unk>", "<s>", "</s>"};

}  // namespace

absl::Status ReadPieces(const std::string& path, ModelConfig* config) {
  std::ifstream in(path);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot open the tokens ", path));
  config->tokens = {CharacterTokens()[0]};
  config->token_scores = {0};
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const size_t tab = line.find('\t');
    float score = 0;
    if (tab == 0 || tab == std::string::npos || !absl::SimpleAtof(line.substr(tab + 1), &score)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": must be a piece, a tab and its score"));
    }
    const std::string piece = absl::StrReplaceAll(line.substr(0, tab), {{kSpaceSign, " "}});
    if (std::find(kNotPieces.begin(), kNotPieces.end(), piece) != kNotPieces.end()) continue;
    if (piece.rfind(' ') != std::string::npos && piece.rfind(' ') > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": a space may only begin a piece"));
    }
    config->tokens.push_back(piece);
    config->token_scores.push_back(score);
  }
  if (absl::Status status = config->Validate(); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", status.message()));
  }
  return absl::OkStatus();
}

absl::Status WritePieces(const std::string& path, const std::vector<UnigramPiece>& pieces) {
  std::string text;
  for (const UnigramPiece& piece : pieces) {
    absl::StrAppendFormat(&text, "%s\t%.9g\n", absl::StrReplaceAll(piece.text, {{" ", kSpaceSign}}),
                          piece.score);
  }
  AtomicFile file(path);
  absl::Status status = file.Open();
  if (status.ok()) status = file.Write(text);
  return status.ok() ? file.Commit() : status;
}

}  // namespace rill::training
