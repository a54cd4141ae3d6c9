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
      "With --pronunciations the lexicon is made of phones instead, for a speech model that hears\n"
      "phones; the words are then what is written. A word that has no pronunciation there counts "
      "in\n"
      "the n-grams, but is never heard. With --other-words, a word that is only there is heard,\n"
      "too, as likely as that says: a logarithm to the base of 10. 80,000 words of -6.9 each are\n"
      "one word in a hundred.\n\n"
      "  rill-lm build en.arpa.gz en.rlm\n"
      "  rill-lm build --pronunciations cmudict.dict en.arpa.gz en-phones.rlm\n");
  app_->add_option("arpa", arpa_, "ARPA file to read, plain or gzipped")->required();
  app_->add_option("output", output_, "File to write, *.rlm")->required();
  auto* pronunciations = app_->add_option(
      "--pronunciations", pronunciations_,
      "Dictionary in CMUdict's format, plain or gzipped: \"word PH PH PH\" a line");
  app_->add_option("--other-words", other_words_,
                   "Log10 probability of each word that only the dictionary has")
      ->needs(pronunciations);
}

absl::Status BuildCommand::Run() {
  absl::StatusOr<LmBuildReport> report;
  {
    ProgressBar bar("building", 1, /*enabled=*/true);
    double told = 0;
    const auto progress = [&](double done) {
      bar.Add(done - told);
      told = done;
    };
    report = BuildLanguageModel(arpa_, output_, progress, pronunciations_, other_words_);
  }
  if (!report.ok()) return report.status();
  absl::PrintF("%s: %d bytes, %d nodes in the lexicon\n", output_, report->bytes,
               report->counts.lexicon_nodes);
  if (!pronunciations_.empty()) {
    absl::PrintF(
        "%d phones; %d words are in the dictionary only; %d have no pronunciation and can never be "
        "heard\n",
        report->counts.phones, report->other_words, report->unheard);
  }
  for (int i = 0; i < report->counts.order; ++i) {
    absl::PrintF("%d-grams: %d\n", i + 1, report->counts.ngrams[i]);
    if (i > 0) PrintLoss("probabilities", report->log_probs[i]);
    if (i > 0 && i + 1 < report->counts.order) PrintLoss("back-offs", report->back_offs[i]);
  }
  return absl::OkStatus();
}

}  // namespace rill
