// What rounding to bytes costs a real language model: perplexity of the binary form against that of
// its ARPA file, on text that the model was trained on. The files come from outside of the
// repository: the folder ../shared/lm beside it, or RILL_LM_DIR.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_split.h"
#include "model/language_model/language_model.h"
#include "model/language_model/language_model_builder.h"
#include "tests/model/naive_language_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

constexpr int kSentences = 3000;

TEST(QuantizationTest, CostsLittlePerplexity) {
  const char* from_environment = std::getenv("RILL_LM_DIR");
  const std::string folder = from_environment != nullptr
                                 ? from_environment
                                 : std::string(RILL_SOURCE_DIR) + "/../shared/lm";
  const std::string arpa = folder + "/en-60k-3gram.arpa.gz";
  const std::string text = folder + "/sample-text.txt.xz";
  if (!std::filesystem::exists(arpa) || !std::filesystem::exists(text)) {
    GTEST_SKIP() << "no language model in " << folder << "; set RILL_LM_DIR";
  }
  const TemporaryFolder temporary;
  const auto report = BuildLanguageModel(arpa, temporary / "en.rlm", nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_LT(report->bytes, 20u << 20);
  const auto model = LanguageModel::Open(temporary / "en.rlm");
  ASSERT_TRUE(model.ok()) << model.status();
  NaiveLanguageModel exact;
  ASSERT_TRUE(exact.Read(arpa));

  FILE* sentences = popen(("xzcat '" + text + "'").c_str(), "r");
  ASSERT_NE(sentences, nullptr);
  double exact_sum = 0, rounded_sum = 0, furthest = 0;
  int64_t scored = 0;
  char line[65536];
  for (int i = 0; i < kSentences && fgets(line, sizeof(line), sentences) != nullptr; ++i) {
    LanguageModel::State state = (*model)->Begin();
    std::vector<std::string> history = {"<s>"};
    std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \n"), absl::SkipEmpty());
    words.push_back("</s>");
    for (const std::string& word : words) {
      const bool end = word == "</s>";
      const WordId id = end ? kSentenceEnd : (*model)->lexicon().Find(word);
      ASSERT_EQ(id == kUnknownWord, !exact.Knows(word)) << word;
      if (id == kUnknownWord) {
        state = {};
        history.clear();
        continue;
      }
      const double one = exact.Score(history, word), other = (*model)->Score(state, id, &state);
      exact_sum += one;
      rounded_sum += other;
      furthest = std::max(furthest, std::abs(one - other));
      history.push_back(word);
      if (history.size() > 4) history.erase(history.begin());
      ++scored;
    }
  }
  pclose(sentences);
  ASSERT_GT(scored, 10000);
  const double exact_perplexity = std::pow(10, -exact_sum / static_cast<double>(scored));
  const double perplexity = std::pow(10, -rounded_sum / static_cast<double>(scored));
  std::printf("%d words: perplexity %.4f exact, %.4f rounded; one word at most %.4f off (log10)\n",
              static_cast<int>(scored), exact_perplexity, perplexity, furthest);
  EXPECT_NEAR(perplexity / exact_perplexity, 1, 0.002);
  EXPECT_LT(furthest, 0.5);
}

}  // namespace
}  // namespace rill
