// `rill-lm build` of any text: an error that names the place, or a file that opens. Input: the text
// (or gzip of it).
#include <string>

#include "model/language_model/language_model.h"
#include "model/language_model/language_model_builder.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rill;
  static auto& file = *new MemoryFile;
  static const TemporaryFolder folder;
  file.Write({reinterpret_cast<const char*>(data), size});
  const std::string output = folder / "model.rlm";
  const auto report = BuildLanguageModel(file.path(), output, nullptr);
  if (!report.ok()) {
    Expect(report.status().code() == absl::StatusCode::kInvalidArgument, "the text is at fault");
    Expect(report.status().message().find(file.path()) == 0, "an error names the file first");
    return 0;
  }
  const auto model = LanguageModel::Open(output);
  Expect(model.ok(), "what was built can be opened");
  Expect((*model)->counts().ngrams == report->counts.ngrams, "all n-grams are in it");
  return 0;
}
