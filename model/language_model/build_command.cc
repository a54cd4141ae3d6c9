#include "model/language_model/build_command.h"

#include "absl/strings/str_format.h"
#include "model/language_model/language_model_builder.h"
#include "model/progress_bar.h"

namespace rill {
namespace {

void PrintLoss(const char* what, const QuantizationLoss& loss) {
  absl::PrintF("  %-13s off by %.5f on average, %.4f at most (log10)\n", what, loss.mean, loss.max);
}

}  // namespace

BuildCommand::BuildCommand(CLI::App& program)
    : app_(program.add_subcommand("build", "Makes a language model file from an ARPA file")) {
  app_->footer(
      "The ARPA file may come from any toolkit (SRILM, KenLM's lmplz, ...), order 1 to 5, plain "
      "or\n"
      "gzipped. Its words should be written as the speech model writes: for a model of lower-case\n"
      "letters, words with others can never be heard.\n\n"
      "  rill-lm build en.arpa.gz en.rlm\n");
  app_->add_option("arpa", arpa_, "ARPA file to read, plain or gzipped")->required();
  app_->add_option("output", output_, "File to write, *.rlm")->required();
}

absl::Status BuildCommand::Run() {
  absl::StatusOr<LmBuildReport> report;
  {
    ProgressBar bar("building", 1, /*enabled=*/true);
    double told = 0;
    report = BuildLanguageModel(arpa_, output_, [&](double done) {
      bar.Add(done - told);
      told = done;
    });
  }
  if (!report.ok()) return report.status();
  absl::PrintF("%s: %d bytes, %d nodes in the lexicon\n", output_, report->bytes,
               report->counts.lexicon_nodes);
  for (int i = 0; i < report->counts.order; ++i) {
    absl::PrintF("%d-grams: %d\n", i + 1, report->counts.ngrams[i]);
    if (i > 0) PrintLoss("probabilities", report->log_probs[i]);
    if (i > 0 && i + 1 < report->counts.order) PrintLoss("back-offs", report->back_offs[i]);
  }
  return absl::OkStatus();
}

}  // namespace rill
