#include "model/language_model/info_command.h"

#include "absl/strings/str_format.h"
#include "model/language_model/language_model.h"

namespace rill {

InfoCommand::InfoCommand(CLI::App& program)
    : app_(program.add_subcommand("info", "Checks a language model file and says what it holds")) {
  app_->footer("  rill-lm info en.rlm\n");
  app_->add_option("file", path_, "Language model, *.rlm")->required();
}

absl::Status InfoCommand::Run() {
  const auto model = LanguageModel::Open(path_);
  if (!model.ok()) return model.status();
  absl::PrintF("%s: %d bytes, version %d\nsha256   %s\n", path_, (*model)->bytes(),
               (*model)->counts().version(), (*model)->hash());
  for (int i = 0; i < (*model)->order(); ++i) {
    absl::PrintF("%d-grams  %d\n", i + 1, (*model)->counts().ngrams[i]);
  }
  absl::PrintF("lexicon  %d words, %d nodes\n", (*model)->counts().ngrams[0] - kFirstWord,
               (*model)->counts().lexicon_nodes);
  const Lexicon& lexicon = (*model)->lexicon();
  if (lexicon.phones().empty()) {
    absl::PrintF("phones   none: words are made of letters\n");
  } else {
    const Lexicon::Words heard = lexicon.words(Lexicon::kRoot);
    absl::PrintF("phones   %d; %d words have a pronunciation\n", lexicon.phones().size(),
                 heard.last - heard.first + 1);
  }
  return absl::OkStatus();
}

}  // namespace rill
