// The program rill-train: trains, evaluates and exports models, and chooses their tokens.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "model/training/commands/evaluate_command.h"
#include "model/training/commands/export_command.h"
#include "model/training/commands/tokens_command.h"
#include "model/training/commands/train_command.h"

namespace {

absl::Status RunChosen(rill::training::TrainCommand& train,
                       rill::training::EvaluateCommand& evaluate,
                       rill::training::ExportCommand& export_model,
                       rill::training::TokensCommand& tokens) {
  try {
    if (train.chosen()) return train.Run();
    if (evaluate.chosen()) return evaluate.Run();
    if (tokens.chosen()) return tokens.Run();
    return export_model.Run();
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("Trains speech-recognition models for rill. See docs/training.md.");
  program.require_subcommand(1);
  rill::training::TrainCommand train(program);
  rill::training::EvaluateCommand evaluate(program);
  rill::training::ExportCommand export_model(program);
  rill::training::TokensCommand tokens(program);
  CLI11_PARSE(program, argc, argv);
  const absl::Status status = RunChosen(train, evaluate, export_model, tokens);
  if (status.ok()) return 0;
  std::fprintf(stderr, "rill-train: %s\n", status.ToString().c_str());
  return 1;
}
