// A vocabulary of pieces as a file: SentencePiece's *.vocab, one piece a line, a tab, and its score
// (a log-probability); U+2581 stands for a space. So those that spm_train writes can be read, too.
// Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/file/model_config.h"
#include "model/training/tokens/unigram_pieces.h"

namespace rill::training {

// Sets tokens and token_scores: the blank, then the file's pieces in their order, without those
// that SentencePiece adds for its own use (<unk>, <s>, </s>). InvalidArgument or NotFound naming
// the file and the line at fault.
absl::Status ReadPieces(const std::string& path, ModelConfig* config);

absl::Status WritePieces(const std::string& path, const std::vector<UnigramPiece>& pieces);

}  // namespace rill::training
