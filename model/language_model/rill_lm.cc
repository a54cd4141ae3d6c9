// The program rill-lm: makes, checks and asks n-gram language models.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "model/language_model/build_command.h"
#include "model/language_model/info_command.h"
#include "model/language_model/score_command.h"

namespace {

absl::Status RunChosen(rill::BuildCommand& build, rill::InfoCommand& info,
                       rill::ScoreCommand& score) {
  try {
    if (build.chosen()) return build.Run();
    if (info.chosen()) return info.Run();
    return score.Run();
  } catch (const std::exception& error) {  // no memory
    return absl::InternalError(error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program(
      "Language models for rill: word n-grams that help the beam search of the decoder to choose\n"
      "between words that sound alike. See docs/decoding.md.");
  program.require_subcommand(1);
  rill::BuildCommand build(program);
  rill::InfoCommand info(program);
  rill::ScoreCommand score(program);
  CLI11_PARSE(program, argc, argv);
  const absl::Status status = RunChosen(build, info, score);
  if (status.ok()) return 0;
  std::fprintf(stderr, "rill-lm: %s\n", status.ToString().c_str());
  return 1;
}
