#include "model/language_model/score_command.h"

#include <cmath>
#include <iostream>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "model/language_model/language_model.h"

namespace rill {

ScoreCommand::ScoreCommand(CLI::App& program)
    : app_(program.add_subcommand("score", "Scores sentences from standard input, one a line")) {
  app_->footer(
      "Each line comes back with the log10 probability of its words and of </s>, and the number "
      "of\n"
      "its words that the model does not know; those count neither here nor in the perplexity, "
      "and\n"
      "what follows them is scored without a history.\n\n"
      "  echo \"it was the best of times\" | rill-lm score en.rlm\n"
      "  rill-lm score --quiet en.rlm < sentences.txt\n");
  app_->add_option("file", path_, "Language model, *.rlm")->required();
  app_->add_flag("--quiet", quiet_, "Only the sums at the end");
}

absl::Status ScoreCommand::Run() {
  const auto opened = LanguageModel::Open(path_);
  if (!opened.ok()) return opened.status();
  const LanguageModel& model = **opened;
  double total = 0;
  int64_t sentences = 0, scored = 0, unknown = 0;
  std::string line;
  while (std::getline(std::cin, line)) {
    LanguageModel::State state = model.Begin();
    double sum = 0;
    int64_t line_scored = 1, line_unknown = 0;
    for (const absl::string_view text :
         absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty())) {
      const WordId word = model.lexicon().Find({text.data(), text.size()});
      if (word == kUnknownWord) {
        ++line_unknown;
        state = {};
      } else {
        ++line_scored;
        sum += model.Score(state, word, &state);
      }
    }
    sum += model.Score(state, kSentenceEnd, nullptr);
    if (!quiet_) absl::PrintF("%.4f\t%d\t%s\n", sum, line_unknown, line);
    total += sum;
    ++sentences;
    scored += line_scored;
    unknown += line_unknown;
  }
  const int64_t words = scored - sentences + unknown;
  absl::PrintF("%d sentences, %d words, %d of them unknown (%.2f %%)\n", sentences, words, unknown,
               words == 0 ? 0.0 : 100.0 * static_cast<double>(unknown) / words);
  if (scored > 0) {
    absl::PrintF("log10 probability %.2f, perplexity %.3f\n", total,
                 std::pow(10.0, -total / static_cast<double>(scored)));
  }
  return absl::OkStatus();
}

}  // namespace rill
