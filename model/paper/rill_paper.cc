// The program rill-paper: the experiments of "Transformers are RNNs" (Katharopoulos et al., ICML
// 2020), one command each.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "model/paper/copy/copy_command.h"
#include "model/paper/generate/generate_command.h"
#include "model/paper/scaling/scaling_command.h"
#include "model/paper/speech/speech_command.h"

namespace {

struct Commands {
  explicit Commands(CLI::App& program)
      : scaling(program), copy(program), generate(program), speech(program) {}

  absl::Status RunChosen() {
    try {
      if (scaling.chosen()) return scaling.Run();
      if (copy.chosen()) return copy.Run();
      if (generate.chosen()) return generate.Run();
      return speech.Run();
    } catch (const std::exception& error) {
      // LibTorch puts a stack trace under its message.
      const std::string_view message = error.what();
      return absl::InternalError(std::string(message.substr(0, message.find('\n'))));
    }
  }

  rill::paper::ScalingCommand scaling;
  rill::paper::CopyCommand copy;
  rill::paper::GenerateCommand generate;
  rill::paper::SpeechCommand speech;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App program(
      "Repeats the experiments of \"Transformers are RNNs\" (Katharopoulos et al., 2020) on the\n"
      "kernels that rill serves speech with. See docs/paper.md.");
  program.footer(
      "\n"
      "  rill-paper scaling                 a figure, five minutes\n"
      "  rill-paper copy --smoke            any experiment in seconds, to see that it works\n"
      "  rill-paper speech --help           what an experiment needs, and its sizes\n");
  program.require_subcommand(1);
  Commands commands(program);
  CLI11_PARSE(program, argc, argv);
  const absl::Status status = commands.RunChosen();
  if (status.ok()) return 0;
  std::fprintf(stderr, "rill-paper: %s\n", status.ToString().c_str());
  return 1;
}
