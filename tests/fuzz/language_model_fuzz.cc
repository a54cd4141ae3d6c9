// LanguageModel::Open, with the hash made to fit, and every call of an open one. Input: the file.
#include <cmath>
#include <string>

#include "model/file/sha256.h"
#include "model/language_model/language_model.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rill;
  static auto& file = *new MemoryFile;
  std::string content(reinterpret_cast<const char*>(data), size);
  if (size > kHashedFrom) {
    content.replace(kHashOffset, kHashedFrom - kHashOffset,
                    Sha256Hex(absl::MakeConstSpan(data, size).subspan(kHashedFrom)));
  }
  file.Write(content);
  const auto model = LanguageModel::Open(file.path());
  if (!model.ok()) {
    Expect(model.status().code() == absl::StatusCode::kInvalidArgument, "the file is at fault");
    return 0;
  }
  const Lexicon& lexicon = (*model)->lexicon();
  LanguageModel::State state = (*model)->Begin();
  Lexicon::Node node = Lexicon::kRoot;
  for (size_t i = 0; i < size; ++i) {
    const WordId word = data[i] * (i % 7 == 0 ? 0x01010101u : 1u);
    Expect(std::isfinite((*model)->Score(state, word, &state)), "scores are finite");
    node = lexicon.Child(node, data[i]);
    Expect(std::isfinite(lexicon.best(node)), "bounds are finite");
    const WordId found = lexicon.word(node);
    Expect(found < (*model)->counts().ngrams[0], "words of the lexicon are 1-grams");
    Expect(std::isfinite((*model)->Score(state, found, &state)), "scores are finite");
    const Lexicon::Words below = lexicon.words(node);
    const int homophones = lexicon.homophones(node);
    Expect((homophones > 0) == (found != kUnknownWord), "words end at their nodes");
    Expect(homophones == 0 || found + homophones - 1 <= below.last, "homophones are words");
    const WordId likeliest = lexicon.Likeliest(node);
    Expect(likeliest == kUnknownWord || (likeliest >= below.first && likeliest <= below.last),
           "the likeliest word is one of those below");
    const std::string_view spelling = lexicon.Spelling(word);
    Expect(spelling.empty() || lexicon.Find(spelling) == word, "words are found");
    const std::string phones = lexicon.Pronunciation(word);
    Lexicon::Node end = Lexicon::kRoot;
    for (const char phone : phones) end = lexicon.Child(end, static_cast<uint8_t>(phone));
    Expect(phones.empty() || (lexicon.word(end) <= word &&
                              word - lexicon.word(end) < uint64_t(lexicon.homophones(end))),
           "pronunciations lead to their words");
  }
  lexicon.Find(std::string(reinterpret_cast<const char*>(data), std::min<size_t>(size, 300)));
  return 0;
}
