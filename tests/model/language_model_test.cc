// The binary form held against a naive evaluation of the same ARPA file, and against files that are
// cut, damaged or meant to do harm.
#include "model/language_model/language_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <sstream>

#include "model/language_model/language_model_builder.h"
#include "tests/model/language_model_bytes.h"
#include "tests/model/naive_language_model.h"
#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kWords = {"a", "an", "and", "it's", "the", "then", "zoo"};

// Without a third of the n-grams that are neither words nor of the highest order.
std::string WithoutSome(const std::string& arpa, int order, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::string> sections(order + 1);  // their n-grams
  std::vector<int> counts(order + 1, 0);
  std::istringstream lines(arpa);
  int section = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("-grams:") != std::string::npos) {
      section = line[1] - '0';
    } else if (section > 0 && line.find('\t') != std::string::npos) {
      const bool inner = section > 1 && section < order && counts[section] > 0;
      if (inner && random() % 3 == 0) continue;
      sections[section] += line + "\n";
      ++counts[section];
    }
  }
  std::string text = "\\data\\\n";
  for (int i = 1; i <= order; ++i) {
    text += "ngram " + std::to_string(i) + "=" + std::to_string(counts[i]) + "\n";
  }
  for (int i = 1; i <= order; ++i) {
    text += "\\" + std::to_string(i) + "-grams:\n" + sections[i];
  }
  return text + "\\end\\\n";
}

class LanguageModelTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<LanguageModel>> Build(const std::string& arpa) {
    WriteText(arpa_path_, arpa);
    const auto report = BuildLanguageModel(arpa_path_, path_, nullptr);
    if (!report.ok()) return report.status();
    return LanguageModel::Open(path_);
  }

  absl::Status OpenBytes(const std::string& bytes) {
    WriteText(path_, bytes);
    return LanguageModel::Open(path_).status();
  }

  const TemporaryFolder folder_;
  const std::string arpa_path_ = folder_ / "small.arpa", path_ = folder_ / "small.rlm";
};

TEST_F(LanguageModelTest, ScoresAreThoseOfTheArpaFile) {
  for (int order = 1; order <= kMaxNgramOrder; ++order) {
    for (uint32_t seed = 0; seed < 10; ++seed) {
      const auto model = Build(RandomArpa(kWords, order, seed));
      ASSERT_TRUE(model.ok()) << model.status();
      NaiveLanguageModel naive;
      ASSERT_TRUE(naive.Read(arpa_path_));
      std::mt19937 random(seed);
      for (int sentence = 0; sentence < 50; ++sentence) {
        LanguageModel::State state = (*model)->Begin();
        std::vector<std::string> history = {"<s>"};
        for (int i = 0; i < 8; ++i) {
          std::string word = random() % 10 == 0 ? "</s>" : kWords[random() % kWords.size()];
          if (random() % 10 == 0) word = "<unk>";
          const WordId id = word == "</s>" ? kSentenceEnd : (*model)->lexicon().Find(word);
          // A small file has fewer different figures than a byte has codes, mostly.
          ASSERT_NEAR((*model)->Score(state, id, &state), naive.Score(history, word),
                      order > 2 ? 0.05 : 1e-4)
              << "order " << order << " seed " << seed;
          history.push_back(word);
        }
      }
    }
  }
}

// Pruning may leave n-grams whose beginnings are gone: they count, and nothing else changes.
TEST_F(LanguageModelTest, WhatNgramsBeginWithNeedNotBeThere) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    const int order = 3 + static_cast<int>(seed % 3);
    const auto model = Build(WithoutSome(RandomArpa({"a", "b", "c"}, order, seed), order, seed));
    ASSERT_TRUE(model.ok()) << model.status();
    NaiveLanguageModel naive;
    ASSERT_TRUE(naive.Read(arpa_path_));
    for (int sentence = 0; sentence < 50; ++sentence) {
      LanguageModel::State state = (*model)->Begin();
      std::vector<std::string> history = {"<s>"};
      for (int i = 0; i < 8; ++i) {
        const std::string word(1, static_cast<char>('a' + random() % 3));
        const WordId id = (*model)->lexicon().Find(word);
        const float score = (*model)->Score(state, id, &state);
        const double expected = naive.Score(history, word);
        // Back-offs above 0 may give what no n-gram has; it is cut.
        if (expected <= 0) {
          ASSERT_NEAR(score, expected, 0.05) << "seed " << seed;
        }
        history.push_back(word);
      }
    }
  }
}

// Texts that will count the same for ever have the same state, so that a beam can merge them.
TEST_F(LanguageModelTest, StatesHoldWhatMatters) {
  const auto model = Build(
      "\\data\\\nngram 1=7\nngram 2=4\nngram 3=1\n\n\\1-grams:\n-2 <unk>\n-9 <s> -0.5\n-1 </s>\n"
      "-1 a -0.5\n-1 the -0.5\n-1 big -0.5\n-2 cat -0.5\n\n\\2-grams:\n-0.5 a cat 0\n-0.5 the cat "
      "0\n"
      "-0.5 big cat -0.3\n-0.5 cat a 0\n\n\\3-grams:\n-0.2 cat a cat\n\n\\end\\\n");
  ASSERT_TRUE(model.ok()) << model.status();
  const auto after = [&](const std::vector<std::string>& words) {
    LanguageModel::State state;
    for (const std::string& word : words) {
      (*model)->Score(state, (*model)->lexicon().Find(word), &state);
    }
    return state;
  };
  EXPECT_EQ(after({"a", "cat"}), after({"the", "cat"}));    // no trigram, no back-off
  EXPECT_NE(after({"big", "cat"}), after({"the", "cat"}));  // a back-off
  EXPECT_NE(after({"cat", "a"}), after({"the", "a"}));      // a trigram
  EXPECT_EQ(after({"big", "a"}), after({"the", "a"}));      // bigrams that are not there
}

TEST_F(LanguageModelTest, AStateOfNothingKnowsNoHistory) {
  const auto model = Build(RandomArpa(kWords, 3, 1));
  ASSERT_TRUE(model.ok()) << model.status();
  NaiveLanguageModel naive;
  ASSERT_TRUE(naive.Read(arpa_path_));
  EXPECT_NEAR((*model)->Score({}, (*model)->lexicon().Find("then"), nullptr),
              naive.Score({}, "then"), 1e-4);
}

TEST_F(LanguageModelTest, TheLexiconHoldsTheWordsAndNoOthers) {
  const auto model = Build(RandomArpa(kWords, 2, 3));
  ASSERT_TRUE(model.ok()) << model.status();
  const Lexicon& lexicon = (*model)->lexicon();
  for (size_t i = 0; i < kWords.size(); ++i) {
    EXPECT_EQ(lexicon.Find(kWords[i]), kFirstWord + i) << kWords[i];
  }
  for (const char* other : {"", "t", "th", "thee", "zo", "zoos", "<s>", "</s>", "<unk>", "it s"}) {
    EXPECT_EQ(lexicon.Find(other), kUnknownWord) << other;
  }
  EXPECT_TRUE(lexicon.phones().empty());
  EXPECT_EQ(lexicon.nodes(), 15u);  // the root and a an and i t' s t h e n z o o, shared
}

TEST_F(LanguageModelTest, BestIsTheHighestOfTheWordsBelow) {
  const auto model = Build(RandomArpa(kWords, 2, 4));
  ASSERT_TRUE(model.ok()) << model.status();
  const Lexicon& lexicon = (*model)->lexicon();
  for (const std::string prefix : {"", "a", "an", "and", "t", "the", "then", "z"}) {
    Lexicon::Node node = Lexicon::kRoot;
    for (const char c : prefix) node = lexicon.Child(node, static_cast<uint8_t>(c));
    float best = -1000;
    std::string likeliest;
    for (const std::string& word : kWords) {
      if (word.substr(0, prefix.size()) != prefix) continue;
      const float score = (*model)->Score({}, lexicon.Find(word), nullptr);
      if (score > best) likeliest = word;
      best = std::max(best, score);
    }
    EXPECT_EQ(lexicon.best(node), best) << prefix;
    EXPECT_EQ(lexicon.Likeliest(node), lexicon.Find(likeliest)) << prefix;
    EXPECT_EQ(lexicon.homophones(node), lexicon.Find(prefix) == kUnknownWord ? 0 : 1) << prefix;
  }
}

// Of all words below every node, after every history of some.
TEST_F(LanguageModelTest, TheLookAheadIsTheHighestOfTheWordsBelow) {
  std::mt19937 random(5);
  for (int round = 0; round < 40; ++round) {
    const int order = 1 + round % 5;
    const bool interpolated = round % 2 == 0;
    const auto model = Build(RandomArpa(kWords, order, round, interpolated));
    ASSERT_TRUE(model.ok()) << model.status();
    const Lexicon& lexicon = (*model)->lexicon();
    LanguageModel::State state = (*model)->Begin();
    int above = 0;
    for (int step = 0; step < 50; ++step) {
      std::vector<LanguageModel::LookAhead> ahead(lexicon.nodes());
      ahead[Lexicon::kRoot] = (*model)->After(state);
      for (Lexicon::Node node = 0; node < lexicon.nodes(); ++node) {
        for (int letter = 0; letter < 256; ++letter) {
          const Lexicon::Node child = lexicon.Child(node, static_cast<uint8_t>(letter));
          if (child == Lexicon::kNone) continue;
          ahead[child] = ahead[node];
          (*model)->Narrow(child, &ahead[child]);
          EXPECT_LE((*model)->Best(ahead[child], child), (*model)->Best(ahead[node], node));
        }
      }
      std::vector<float> highest(lexicon.nodes(), -1e9f);
      for (const std::string& word : kWords) {
        const float score = (*model)->Score(state, lexicon.Find(word), nullptr);
        Lexicon::Node node = Lexicon::kRoot;
        highest[node] = std::max(highest[node], score);
        for (const char letter : word) {
          node = lexicon.Child(node, static_cast<uint8_t>(letter));
          highest[node] = std::max(highest[node], score);
        }
      }
      for (Lexicon::Node node = 1; node < lexicon.nodes(); ++node) {
        const float best = (*model)->Best(ahead[node], node);
        LanguageModel::LookAhead direct = (*model)->After(state);
        (*model)->Narrow(node, &direct);
        ASSERT_EQ(best, (*model)->Best(direct, node));
        ASSERT_GE(best, highest[node]);
        above += best > highest[node];
      }
      (*model)->Score(state, lexicon.Find(kWords[random() % kWords.size()]), &state);
    }
    if (interpolated) {
      EXPECT_EQ(above, 0);
    }
  }
}

TEST_F(LanguageModelTest, AnyArgumentIsSafe) {
  const auto model = Build(RandomArpa(kWords, 4, 5));
  ASSERT_TRUE(model.ok()) << model.status();
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    LanguageModel::State state;
    state.length = static_cast<int>(random() % 12) - 3;
    for (WordId& word : state.words) word = random() % 2 ? random() : random() % 12;
    const float score = (*model)->Score(state, random() % 2 ? random() : random() % 12, &state);
    ASSERT_TRUE(std::isfinite(score));
    ASSERT_LE(state.length, 3);
    const auto node = static_cast<Lexicon::Node>(random() % 2 ? random() : random() % 20);
    (*model)->lexicon().Child(node, static_cast<uint8_t>(random()));
    (*model)->lexicon().word(node);
    ASSERT_TRUE(std::isfinite((*model)->lexicon().best(node)));
    ASSERT_LE((*model)->lexicon().homophones(node), 1);
    ASSERT_LT((*model)->lexicon().Likeliest(node), (*model)->counts().ngrams[0]);
    ASSERT_EQ((*model)->lexicon().Spelling(node), "");
    ASSERT_EQ((*model)->lexicon().Pronunciation(node), "");
  }
}

TEST_F(LanguageModelTest, ManyFiguresAreRoundedToAByte) {
  std::vector<std::string> words;
  for (int i = 0; i < 400; ++i) words.push_back(std::string("w").append(std::to_string(i)));
  std::string arpa =
      "\\data\\\nngram 1=403\nngram 2=40000\n\\1-grams:\n-1 <unk>\n-9 <s> -0.3\n-1 </s>\n";
  for (const std::string& word : words) arpa += "-2.5 " + word + " -0.5\n";
  arpa += "\\2-grams:\n";
  std::mt19937 random(1);
  double expected[100];
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 400; ++k) {
      const double value = -5.0 * (random() % 100000) / 100000;
      if (k == 7) expected[i] = value;
      arpa += std::to_string(value) + " " + words[i] + " " + words[k] + "\n";
    }
  }
  const auto model = Build(arpa + "\\end\\\n");
  ASSERT_TRUE(model.ok()) << model.status();
  const WordId seventh = (*model)->lexicon().Find("w7");
  for (int i = 0; i < 100; ++i) {
    LanguageModel::State state;
    (*model)->Score({}, (*model)->lexicon().Find(words[i]), &state);
    // 256 codes over 5 decades: steps of 0.02.
    EXPECT_NEAR((*model)->Score(state, seventh, nullptr), expected[i], 0.015);
  }
}

TEST_F(LanguageModelTest, CutFilesNameTheField) {
  ASSERT_TRUE(Build(RandomArpa(kWords, 3, 6)).ok());
  const std::string whole = ReadBytes(path_);
  EXPECT_THAT(OpenBytes("").ToString(), HasSubstr("small.rlm: header: magic"));
  for (size_t size = 1; size < whole.size(); size += 37) {
    const absl::Status status = OpenBytes(whole.substr(0, size));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_THAT(status.ToString(), HasSubstr(size < kHeaderBytes ? "magic" : "cut short")) << size;
  }
  EXPECT_THAT(OpenBytes(whole + "x").ToString(), HasSubstr("header: bytes"));
  EXPECT_THAT(LanguageModel::Open(folder_.path()).status().ToString(), HasSubstr("regular file"));
  EXPECT_TRUE(absl::IsNotFound(LanguageModel::Open(folder_ / "none").status()));
}

TEST_F(LanguageModelTest, AnyFlippedByteIsFound) {
  ASSERT_TRUE(Build(RandomArpa(kWords, 2, 7)).ok());
  const std::string whole = ReadBytes(path_);
  for (size_t at = 0; at < whole.size(); at += 7) {
    std::string damaged = whole;
    damaged[at] ^= 0x10;
    EXPECT_FALSE(OpenBytes(damaged).ok()) << at;
  }
}

// With the hash made to fit, a file either names a field or is safe to use.
TEST_F(LanguageModelTest, HostileFilesDoNoHarm) {
  std::mt19937 random(8);
  for (int order = 1; order <= 3; ++order) {
    ASSERT_TRUE(Build(RandomArpa(kWords, order, 8)).ok());
    const std::string whole = ReadBytes(path_);
    int opened = 0;
    for (int round = 0; round < 500; ++round) {
      std::string hostile = whole;
      for (int changes = 1 + random() % 4; changes > 0; --changes) {
        const size_t from = random() % 3 == 0 ? 72 : kHeaderBytes;
        const size_t until = from == 72 ? 136 : whole.size();
        hostile[from + random() % (until - from)] = static_cast<char>(random());
      }
      Rehash(&hostile);
      WriteText(path_, hostile);
      const auto model = LanguageModel::Open(path_);
      if (!model.ok()) {
        ASSERT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
        continue;
      }
      ++opened;
      LanguageModel::State state = (*model)->Begin();
      for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(std::isfinite((*model)->Score(state, random() % 11, &state)));
        (*model)->lexicon().Find(kWords[random() % kWords.size()]);
      }
    }
    EXPECT_GT(opened, 0);
    EXPECT_LT(opened, 500);
  }
}

TEST_F(LanguageModelTest, FieldsOutOfRangeAreNamed) {
  ASSERT_TRUE(Build(RandomArpa(kWords, 2, 9)).ok());
  const std::string whole = ReadBytes(path_);
  LmCounts counts;
  counts.order = 2;
  std::memcpy(counts.ngrams.data(), whole.data() + 80, sizeof(counts.ngrams));
  std::memcpy(&counts.lexicon_nodes, whole.data() + 120, sizeof(uint64_t));
  const LmLayout layout(counts);
  const float nan = NAN;
  const auto error = [&](size_t offset, const void* bytes, size_t size) {
    std::string damaged = whole;
    std::memcpy(damaged.data() + offset, bytes, size);
    Rehash(&damaged);
    return OpenBytes(damaged).ToString();
  };
  const uint32_t nine = 9;
  EXPECT_THAT(error(72, &nine, 4), HasSubstr("header: version: 9"));
  EXPECT_THAT(error(136, "\1", 1), HasSubstr("header: unused bytes"));
  EXPECT_THAT(error(76, &nine, 4), HasSubstr("header: order: 9"));
  EXPECT_THAT(error(80, "\xff\xff\xff\xff\xff\xff\xff\xff", 8), HasSubstr("number of 1-grams"));
  EXPECT_THAT(error(layout.orders[0].log_probs, &nan, 4), HasSubstr("1-grams: log_probs"));
  EXPECT_THAT(error(layout.orders[0].back_offs, &nan, 4), HasSubstr("1-grams: back_offs"));
  EXPECT_THAT(error(layout.orders[0].firsts + 1, "\xff", 1), HasSubstr("1-grams: firsts"));
  EXPECT_THAT(error(layout.orders[1].words, "\xff", 1), HasSubstr("2-grams: words"));
  EXPECT_THAT(error(layout.orders[1].log_prob_codes, &nan, 4), HasSubstr("2-grams: log_probs"));
  EXPECT_THAT(error(layout.children + 2, "\x00", 1), HasSubstr("lexicon firsts"));
  EXPECT_THAT(error(layout.letters + 2, "\x01", 1), HasSubstr("lexicon letters"));
  EXPECT_THAT(error(layout.node_words + 1, "\xff", 1), HasSubstr("lexicon words"));
  EXPECT_THAT(error(layout.best, &nan, 4), HasSubstr("lexicon best"));
}

TEST_F(LanguageModelTest, WhatAnArpaFileMustHaveIsNamed) {
  const std::string head = "\\data\\\nngram 1=4\nngram 2=2\n\\1-grams:\n-1 <s>\n-1 </s>\n";
  const struct {
    std::string arpa, problem;
  } cases[] = {
      {"\\data\\\nngram 1=1\n\\1-grams:\n-1 a\n\\end\\\n", "no 1-gram <s>"},
      {"\\data\\\nngram 1=2\n\\1-grams:\n-1 <s>\n-1 a\n\\end\\\n", "no 1-gram </s>"},
      {head + "-1 a\n-1 a\n", "small.arpa:8: the word \"a\" is there twice"},
      {head + "-1 a\n-1 b\n\\2-grams:\n-1 a c\n", "small.arpa:10: the word \"c\" is no 1-gram"},
      {head + "-1 a\n-1 b\n\\2-grams:\n-1 a b\n-1 a b\n\\end\\\n",
       "the 2-gram \"a b\" is there twice"},
  };
  for (const auto& test : cases) {
    const absl::Status status = Build(test.arpa).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.ToString(), HasSubstr(test.problem));
  }
}

}  // namespace
}  // namespace rill
