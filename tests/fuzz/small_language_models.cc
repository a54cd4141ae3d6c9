#include "tests/fuzz/small_language_models.h"

#include "model/language_model/language_model_builder.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

// `dictionary`: empty for a lexicon of letters.
LanguageModel* Build(const std::string& dictionary) {
  const TemporaryFolder folder;
  WriteText(folder / "small.arpa", RandomArpa({"a", "ab", "abc", "b", "cab", "ca"}, 3, 1));
  if (!dictionary.empty()) WriteText(folder / "small.dict", dictionary);
  const std::string pronunciations = dictionary.empty() ? "" : folder / "small.dict";
  Expect(
      BuildLanguageModel(folder / "small.arpa", folder / "small.rlm", nullptr, pronunciations).ok(),
      "the small language model can be built");
  return LanguageModel::Open(folder / "small.rlm")->release();
}

}  // namespace

const LanguageModel& SmallModel() {
  static const LanguageModel& model = *Build("");
  return model;
}

const LanguageModel& SmallPhonesModel() {
  static const LanguageModel& model =
      *Build("a AH\nab AE B\nabc AE B\nb B IY\ncab K AE B\nca K AE\n");
  return model;
}

const std::vector<std::string>& SmallPhones() {
  static const auto& phones = *[] {
    auto* all = new std::vector<std::string>{"<blank>", " "};
    const absl::Span<const std::string> said = SmallPhonesModel().lexicon().phones();
    all->insert(all->end(), said.begin(), said.end());
    return all;
  }();
  return phones;
}

}  // namespace rill
