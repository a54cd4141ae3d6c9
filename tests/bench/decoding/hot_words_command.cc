#include "tests/bench/decoding/hot_words_command.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "model/training/data/error_rate.h"
#include "tests/bench/decoding/word_alignment.h"

namespace rill {
namespace {

// The probability of the last of the `common` most likely words, log10.
float RareBelow(const LanguageModel& model, int common) {
  std::vector<float> scores;
  const WordId words = static_cast<WordId>(model.counts().ngrams[0]);
  for (WordId word = kFirstWord; word < words; ++word) {
    scores.push_back(model.Score({}, word, nullptr));
  }
  const size_t last = std::min<size_t>(common, scores.size()) - 1;
  std::nth_element(scores.begin(), scores.begin() + static_cast<int64_t>(last), scores.end(),
                   std::greater<>());
  return scores[last];
}

std::set<std::string> RareWords(const LogProbCorpus& corpus, const LanguageModel& model,
                                float rare_below) {
  std::set<std::string> rare;
  for (const LogProbClip& clip : corpus.clips) {
    for (const std::string& word : SplitWords(clip.text)) {
      const WordId id = model.lexicon().Find(word);
      if (id == kUnknownWord || model.Score({}, id, nullptr) < rare_below) rare.insert(word);
    }
  }
  return rare;
}

}  // namespace

absl::Status HotWordsCommand::Run(const Evaluation& evaluation) const {
  const LanguageModel* model = evaluation.language_model();
  if (model == nullptr) {
    return absl::InvalidArgumentError("--lm: the rare words are those that it finds unlikely");
  }
  absl::PrintF(
      "# hot-words decoder corpus boost rare-words said found percent-found false word-errors\n");
  const float rare_below = RareBelow(*model, common);
  std::set<std::string> pooled;
  for (const LogProbCorpus& corpus : evaluation.corpora()) {
    if (pool) pooled.merge(RareWords(corpus, *model, rare_below));
  }
  for (const LogProbCorpus& corpus : evaluation.corpora()) {
    const std::set<std::string> rare = pool ? pooled : RareWords(corpus, *model, rare_below);
    if (show) {
      for (const std::string& word : rare) absl::PrintF("# %s\n", word);
    }
    for (const std::string& decoder : decoders) {
      const auto factory = evaluation.Factory({decoder});
      if (!factory.ok()) return factory.status();
      for (const float boost : boosts) {
        std::vector<HotWord> phrases;
        for (const std::string& word : rare) phrases.push_back({word, boost});
        if (boost == 0) phrases.clear();
        auto hot_words = factory->MakeHotWords(phrases);
        if (!hot_words.ok()) return hot_words.status();
        training::ErrorRates errors;
        int said = 0, found = 0, false_words = 0;
        for (const LogProbClip& clip : corpus.clips) {
          const std::vector<std::string> reference = SplitWords(clip.text);
          std::vector<std::string> heard;
          for (Word& word : evaluation.FinalWords(clip, *factory, *hot_words)) {
            heard.push_back(std::move(word.text));
          }
          const std::vector<AlignedWord> aligned = AlignWords(reference, heard);
          for (const std::string& word : reference) said += static_cast<int>(rare.count(word));
          for (size_t i = 0; i < heard.size(); ++i) {
            if (rare.count(heard[i]) > 0) ++(aligned[i].correct ? found : false_words);
          }
          errors.Add(clip.text, absl::StrJoin(heard, " "));
        }
        absl::PrintF("hot-words\t%s\t%s\t%g\t%d\t%d\t%d\t%.1f\t%d\t%.2f\n", decoder, corpus.name,
                     boost, rare.size(), said, found, said == 0 ? 0.0 : 100.0 * found / said,
                     false_words, errors.words.rate());
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace rill
