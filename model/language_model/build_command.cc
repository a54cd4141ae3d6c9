#include "model/language_model/build_command.h"

#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_format.h"
#include "model/language_model/language_model_builder.h"

namespace rill {
namespace {

// One line on a terminal, redrawn; in a log a line every quarter.
class Bar {
 public:
  void Tell(double done) {
    const int percent = static_cast<int>(100 * done);
    const int step = terminal_ ? 1 : 25;
    if (percent / step == told_) return;
    told_ = percent / step;
    constexpr int kWidth = 30;
    const int filled = kWidth * percent / 100;
    absl::FPrintF(stderr, terminal_ ? "\rbuilding [%s%s] %3d %%" : "building [%s%s] %3d %%\n",
                  std::string(filled, '#'), std::string(kWidth - filled, '.'), percent);
    std::fflush(stderr);
  }
  ~Bar() {
    if (terminal_ && told_ >= 0) std::fputc('\n', stderr);
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
  int told_ = -1;
};

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
    Bar bar;
    report = BuildLanguageModel(arpa_, output_, [&bar](double done) { bar.Tell(done); });
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
