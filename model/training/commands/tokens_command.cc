#include "model/training/commands/tokens_command.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/training/data/manifest.h"
#include "model/training/tokens/piece_file.h"
#include "model/training/tokens/unigram_pieces.h"

namespace rill::training {

TokensCommand::TokensCommand(CLI::App& program)
    : app_(program.add_subcommand("tokens",
                                  "Chooses pieces of words as the tokens of a new model")) {
  app_->footer(
      "  rill-train tokens --data speech/train --size 128 --output tokens-128.vocab\n"
      "  rill-train train --tokens tokens-128.vocab --data speech/train ...\n");
  app_->add_option("--data", data_, "Folders (or manifests) whose texts are looked at")->required();
  app_->add_option("--size", size_, "Tokens of the model, the blank and every character included")
      ->check(CLI::Range(2, 16384))
      ->capture_default_str();
  app_->add_option("--output", output_, "File to write: a piece a line, a tab, its score")
      ->required();
}

absl::Status TokensCommand::Run() {
  const auto manifests = ReadManifests(data_);
  if (!manifests.ok()) return manifests.status();
  // What is said over and over, as commands and digits are, must not make pieces of its own.
  std::set<std::string> texts;
  for (const Manifest& manifest : *manifests) {
    for (const ManifestClip& clip : manifest.clips) {
      std::string text = clip.text;
      absl::RemoveExtraAsciiWhitespace(&text);
      if (!text.empty()) texts.insert(text);
    }
  }
  std::vector<UnigramPiece> pieces;
  const std::string error = MakeUnigramPieces({texts.begin(), texts.end()}, size_, &pieces);
  if (!error.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no ", size_, " tokens can be made of these texts: ", error));
  }
  if (absl::Status status = WritePieces(output_, pieces); !status.ok()) return status;
  absl::FPrintF(stderr, "wrote %s: %d tokens with the blank, from %d different texts\n", output_,
                pieces.size() + 1, texts.size());
  return absl::OkStatus();
}

}  // namespace rill::training
