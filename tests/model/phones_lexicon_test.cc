// Language models whose lexicon is made of phones: held against those of letters from the same ARPA
// file, against the dictionary, and against files that were changed to do harm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "model/file/utf8.h"
#include "model/language_model/language_model.h"
#include "model/language_model/language_model_builder.h"
#include "model/language_model/pronunciations.h"
#include "tests/model/language_model_bytes.h"
#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kWords = {"to",           "too", "two", "tooth", "sea", "see",
                                         "na\xc3\xafve", "a",   "an",  "zoo",   "its", "it's"};
constexpr char kArpa[] =
    "\\data\\\nngram 1=10\nngram 2=2\n\\1-grams:\n-1 <s> -0.5\n-1 </s>\n-2 two -0.5\n-1.5 too\n"
    "-1.25 to\n-3 tooth\n-3 sea\n-2 see\n-1 hmm\n-2 aah -0.5\n\\2-grams:\n-0.5 two see\n"
    "-0.5 hmm aah\n\\end\\\n";
constexpr char kDictionary[] =
    "to T UW1\ntwo T UW\ntoo T UW2\ntooth T UW1 TH\nsea S IY1\nsee S IY1\nzoo Z UW1\n";

class PhonesLexiconTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<LanguageModel>> Build(const std::string& arpa,
                                                       const std::string& dictionary) {
    WriteText(arpa_path_, arpa);
    WriteText(dictionary_path_, dictionary);
    const auto report = BuildLanguageModel(arpa_path_, path_, nullptr, dictionary_path_);
    if (!report.ok()) return report.status();
    report_ = *report;
    return LanguageModel::Open(path_);
  }

  std::unique_ptr<LanguageModel> BuildOfLetters() {
    const std::string path = folder_ / "letters.rlm";
    EXPECT_TRUE(BuildLanguageModel(arpa_path_, path, nullptr).ok());
    return *LanguageModel::Open(path);
  }

  absl::Status OpenBytes(const std::string& bytes) {
    WriteText(path_, bytes);
    return LanguageModel::Open(path_).status();
  }

  const TemporaryFolder folder_;
  const std::string arpa_path_ = folder_ / "small.arpa", path_ = folder_ / "small.rlm",
                    dictionary_path_ = folder_ / "small.dict";
  LmBuildReport report_;
};

Lexicon::Node Follow(const Lexicon& lexicon, std::string_view phones) {
  Lexicon::Node node = Lexicon::kRoot;
  for (const char phone : phones) {
    node = lexicon.Child(node, static_cast<uint8_t>(phone));
    if (node == Lexicon::kNone) break;
  }
  return node;
}

// The spellings of the words that end at a node, in their order.
std::vector<std::string> EndingAt(const Lexicon& lexicon, std::string_view phones) {
  const Lexicon::Node node = Follow(lexicon, phones);
  std::vector<std::string> words;
  for (int i = 0; i < lexicon.homophones(node); ++i) {
    words.emplace_back(lexicon.Spelling(lexicon.word(node) + i));
  }
  return words;
}

// Every word's spelling, pronunciation and places agree, and so do words() of every node.
void ExpectWhole(const Lexicon& lexicon, uint64_t vocabulary) {
  for (WordId word = kFirstWord; word < vocabulary; ++word) {
    const std::string spelling(lexicon.Spelling(word));
    ASSERT_FALSE(spelling.empty());
    ASSERT_TRUE(IsValidUtf8(spelling));
    ASSERT_EQ(lexicon.Find(spelling), word);
    const std::string phones = lexicon.Pronunciation(word);
    const Lexicon::Words all = lexicon.words(Lexicon::kRoot);
    ASSERT_EQ(phones.empty(), word < all.first || word > all.last);
    if (phones.empty()) continue;
    const Lexicon::Node node = Follow(lexicon, phones);
    ASSERT_NE(node, Lexicon::kNone);
    ASSERT_GE(word, lexicon.word(node));
    ASSERT_LT(word, lexicon.word(node) + lexicon.homophones(node));
    ASSERT_GE(word, lexicon.words(node).first);
    ASSERT_LE(word, lexicon.words(node).last);
  }
}

TEST_F(PhonesLexiconTest, SeveralWordsEndAtANode) {
  const auto model = Build(kArpa, kDictionary);
  ASSERT_TRUE(model.ok()) << model.status();
  const Lexicon& lexicon = (*model)->lexicon();
  EXPECT_THAT(lexicon.phones(), ElementsAre("IY", "S", "T", "TH", "UW", "Z"));
  EXPECT_THAT(EndingAt(lexicon, "\3\5"), ElementsAre("to", "too", "two"));
  EXPECT_THAT(EndingAt(lexicon, "\3\5\4"), ElementsAre("tooth"));
  EXPECT_THAT(EndingAt(lexicon, "\2\1"), ElementsAre("sea", "see"));
  for (const char* other : {"", "\2", "\3"}) {
    EXPECT_EQ(lexicon.word(Follow(lexicon, other)), kUnknownWord);
    EXPECT_THAT(EndingAt(lexicon, other), ElementsAre());
  }
  EXPECT_EQ(Follow(lexicon, "\6"), Lexicon::kNone);  // zoo is no 1-gram
  EXPECT_EQ(lexicon.nodes(), 6u);                    // the root and S IY T UW TH
  EXPECT_EQ((*model)->counts().version(), 2u);
  ExpectWhole(lexicon, (*model)->counts().ngrams[0]);
}

TEST_F(PhonesLexiconTest, WordsOfTheDictionaryOnlyAreAsLikelyAsTold) {
  ASSERT_TRUE(Build(kArpa, kDictionary).ok());
  const auto report = BuildLanguageModel(arpa_path_, path_, nullptr, dictionary_path_, -2.5f);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->other_words, 1u);  // zoo
  const auto model = LanguageModel::Open(path_);
  ASSERT_TRUE(model.ok()) << model.status();
  const Lexicon& lexicon = (*model)->lexicon();
  EXPECT_THAT(EndingAt(lexicon, "\6\5"), ElementsAre("zoo"));
  EXPECT_THAT(EndingAt(lexicon, "\3\5"), ElementsAre("to", "too", "two"));
  EXPECT_EQ((*model)->counts().ngrams[0], 12u);  // with <unk>
  ExpectWhole(lexicon, 12);
  LanguageModel::State next;
  EXPECT_FLOAT_EQ((*model)->Score({}, lexicon.Find("zoo"), &next), -2.5f);
}

TEST_F(PhonesLexiconTest, OtherWordsWantADictionaryAndAProbability) {
  ASSERT_TRUE(Build(kArpa, kDictionary).ok());
  EXPECT_THAT(BuildLanguageModel(arpa_path_, path_, nullptr, "", -2.5f).status().ToString(),
              HasSubstr("there are no pronunciations"));
  for (const float wrong : {0.5f, -99.0f, NAN}) {
    const absl::Status status =
        BuildLanguageModel(arpa_path_, path_, nullptr, dictionary_path_, wrong).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong;
    EXPECT_THAT(status.ToString(), HasSubstr("log10 probability"));
  }
}

TEST_F(PhonesLexiconTest, LikeliestIsOfTheWordsAtAndBelow) {
  const auto model = Build(kArpa, kDictionary);
  ASSERT_TRUE(model.ok()) << model.status();
  const Lexicon& lexicon = (*model)->lexicon();
  const auto likeliest = [&](std::string_view phones) {
    return lexicon.Spelling(lexicon.Likeliest(Follow(lexicon, phones)));
  };
  EXPECT_EQ(likeliest(""), "to");  // hmm is likelier, but cannot be heard
  EXPECT_EQ(likeliest("\3"), "to");
  EXPECT_EQ(likeliest("\3\5"), "to");
  EXPECT_EQ(likeliest("\3\5\4"), "tooth");
  EXPECT_EQ(likeliest("\2"), "see");
  EXPECT_EQ(lexicon.Likeliest(lexicon.nodes()), kUnknownWord);
}

TEST_F(PhonesLexiconTest, WordsWithoutPronunciationScoreButAreNotHeard) {
  const auto model = Build(kArpa, kDictionary);
  ASSERT_TRUE(model.ok()) << model.status();
  const Lexicon& lexicon = (*model)->lexicon();
  EXPECT_EQ(report_.unheard, 2u);
  EXPECT_EQ(lexicon.Spelling(kFirstWord), "aah");
  EXPECT_EQ(lexicon.Spelling(kFirstWord + 1), "hmm");
  EXPECT_EQ(lexicon.words(Lexicon::kRoot).first, kFirstWord + 2);
  EXPECT_EQ(lexicon.words(Lexicon::kRoot).last, (*model)->counts().ngrams[0] - 1);
  EXPECT_EQ(lexicon.Pronunciation(lexicon.Find("hmm")), "");
  LanguageModel::State state;
  (*model)->Score(state, lexicon.Find("hmm"), &state);
  EXPECT_FLOAT_EQ((*model)->Score(state, lexicon.Find("aah"), nullptr), -0.5f);
  for (const char* other : {"", "zoo", "t", "<s>", "</s>", "<unk>", "tooths"}) {
    EXPECT_EQ(lexicon.Find(other), kUnknownWord) << other;
  }
  for (const WordId word : {kUnknownWord, kSentenceStart, kSentenceEnd, 11u, ~0u}) {
    EXPECT_EQ(lexicon.Spelling(word), "") << word;
    EXPECT_EQ(lexicon.Pronunciation(word), "") << word;
  }
}

TEST_F(PhonesLexiconTest, WordsKeepTheirPronunciationsAndTheirScores) {
  for (uint32_t seed = 0; seed < 30; ++seed) {
    const int order = 1 + static_cast<int>(seed % 5);
    const auto model = Build(RandomArpa(kWords, order, seed), RandomDictionary(kWords, seed));
    ASSERT_TRUE(model.ok()) << model.status();
    const Lexicon& lexicon = (*model)->lexicon();
    ExpectWhole(lexicon, (*model)->counts().ngrams[0]);
    const auto pronunciations = Pronunciations::Read(dictionary_path_);
    ASSERT_TRUE(pronunciations.ok());
    EXPECT_EQ(lexicon.phones(), absl::MakeConstSpan(pronunciations->phones()));
    for (const std::string& word : kWords) {
      const absl::Span<const uint8_t> phones = pronunciations->Find(word);
      const WordId id = lexicon.Find(word);
      ASSERT_EQ(lexicon.Spelling(id), word);
      ASSERT_EQ(lexicon.Pronunciation(id), std::string(phones.begin(), phones.end())) << word;
    }
    const auto letters = BuildOfLetters();
    std::mt19937 random(seed);
    for (int sentence = 0; sentence < 30; ++sentence) {
      LanguageModel::State state = (*model)->Begin(), of_letters = letters->Begin();
      for (int i = 0; i < 6; ++i) {
        for (const std::string& word : kWords) {
          ASSERT_EQ((*model)->Score(state, lexicon.Find(word), nullptr),
                    letters->Score(of_letters, letters->lexicon().Find(word), nullptr));
        }
        const std::string& next = kWords[random() % kWords.size()];
        const bool unknown = random() % 8 == 0;
        const WordId id = unknown ? kUnknownWord : lexicon.Find(next);
        const WordId same = unknown ? kUnknownWord : letters->lexicon().Find(next);
        ASSERT_EQ((*model)->Score(state, id, &state),
                  letters->Score(of_letters, same, &of_letters));
      }
      ASSERT_EQ((*model)->Score(state, kSentenceEnd, nullptr),
                letters->Score(of_letters, kSentenceEnd, nullptr));
    }
  }
}

// Of all words at and below every node, after every history of some.
TEST_F(PhonesLexiconTest, TheLookAheadIsTheHighestOfTheWordsBelow) {
  std::mt19937 random(5);
  for (int round = 0; round < 30; ++round) {
    const bool interpolated = round % 2 == 0;
    const auto model = Build(RandomArpa(kWords, 1 + round % 5, round, interpolated),
                             RandomDictionary(kWords, round));
    ASSERT_TRUE(model.ok()) << model.status();
    const Lexicon& lexicon = (*model)->lexicon();
    LanguageModel::State state = (*model)->Begin();
    for (int step = 0; step < 20; ++step) {
      std::vector<float> highest(lexicon.nodes(), -1e9f), unigram = highest;
      for (WordId word = kFirstWord; word < (*model)->counts().ngrams[0]; ++word) {
        const std::string phones = lexicon.Pronunciation(word);
        const float score = (*model)->Score(state, word, nullptr);
        for (size_t length = 0; !phones.empty() && length <= phones.size(); ++length) {
          const Lexicon::Node node = Follow(lexicon, phones.substr(0, length));
          highest[node] = std::max(highest[node], score);
          unigram[node] = std::max(unigram[node], (*model)->Score({}, word, nullptr));
        }
      }
      std::vector<LanguageModel::LookAhead> ahead(lexicon.nodes());
      ahead[Lexicon::kRoot] = (*model)->After(state);
      (*model)->Narrow(Lexicon::kRoot, &ahead[Lexicon::kRoot]);
      for (Lexicon::Node node = 0; node < lexicon.nodes(); ++node) {
        const float best = (*model)->Best(ahead[node], node);
        ASSERT_GE(best, highest[node]);
        if (interpolated) {
          ASSERT_EQ(best, highest[node]);
        }
        ASSERT_EQ(lexicon.best(node), unigram[node]);
        ASSERT_EQ((*model)->Score({}, lexicon.Likeliest(node), nullptr), unigram[node]);
        ASSERT_GE(lexicon.Likeliest(node), lexicon.words(node).first);
        ASSERT_LE(lexicon.Likeliest(node), lexicon.words(node).last);
        for (int phone = 0; phone < 256; ++phone) {
          const Lexicon::Node child = lexicon.Child(node, static_cast<uint8_t>(phone));
          if (child == Lexicon::kNone) continue;
          ahead[child] = ahead[node];
          (*model)->Narrow(child, &ahead[child]);
          ASSERT_LE((*model)->Best(ahead[child], child), best);
        }
      }
      const std::string& next = kWords[random() % kWords.size()];
      (*model)->Score(state, lexicon.Find(next), &state);
    }
  }
}

TEST_F(PhonesLexiconTest, WhatIsWrongWithTheDictionaryIsNamed) {
  const struct {
    std::string arpa, dictionary, problem;
  } cases[] = {
      {kArpa, "to T UW1\n\ntwo\n", "small.dict:3: the word \"two\" has no phones"},
      {kArpa, "TO T UW1\n", "small.dict: has none of the words of"},
      {"\\data\\\nngram 1=3\n\\1-grams:\n-1 <s>\n-1 </s>\n-1 na\xefve\n\\end\\\n", kDictionary,
       "small.arpa:6: the word \"na\xefve\" is not UTF-8"},
      {"\\data\\\nngram 1=2\n\\1-grams:\n-1 <s>\n-1 </s>\n\\end\\\n", kDictionary,
       "small.dict: has none of the words of"},
  };
  for (const auto& test : cases) {
    const absl::Status status = Build(test.arpa, test.dictionary).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.problem;
    EXPECT_THAT(status.ToString(), HasSubstr(test.problem));
  }
}

TEST_F(PhonesLexiconTest, FieldsOutOfRangeAreNamed) {
  ASSERT_TRUE(Build(kArpa, kDictionary).ok());
  const std::string whole = ReadBytes(path_);
  const LmLayout at(report_.counts);
  const auto error = [&](size_t offset, const std::string& bytes) {
    std::string damaged = whole;
    damaged.replace(offset, bytes.size(), bytes);
    Rehash(&damaged);
    return OpenBytes(damaged).ToString();
  };
  EXPECT_EQ(error(0, whole.substr(0, 8)), "OK");
  EXPECT_THAT(error(72, "\1"), HasSubstr("header: bytes"));
  EXPECT_THAT(error(136, std::string(4, '\0')), HasSubstr("header: number of phones: 0"));
  EXPECT_THAT(error(137, "\1"), HasSubstr("header: number of phones: 262"));
  EXPECT_THAT(error(143, "\xff"), HasSubstr("header: bytes"));
  EXPECT_THAT(error(144, "\1"), HasSubstr("header: unused bytes"));
  EXPECT_THAT(error(at.letters + 5, std::string(1, '\0')), HasSubstr("lexicon letters: node 5"));
  EXPECT_THAT(error(at.letters + 5, "\7"), HasSubstr("lexicon letters: node 5"));
  // Breadth first: the root, S, T, IY, UW, TH, whose words are 0, 0, 0, 5, 7 and 10.
  EXPECT_THAT(error(at.node_words, "\5"), HasSubstr("lexicon words: node 0"));
  EXPECT_THAT(error(at.node_words + 3, "\7"), HasSubstr("lexicon words: node 1"));
  EXPECT_THAT(error(at.node_words + 3, std::string(1, '\0')), HasSubstr("lexicon words: node 3"));
  EXPECT_THAT(error(at.node_words + 4, "\12"), HasSubstr("lexicon words: node 4"));
  EXPECT_THAT(error(at.node_words + 4, "\13"), HasSubstr("lexicon words: node 4"));
  EXPECT_THAT(error(at.phone_names, "_"), HasSubstr("phones names: phone 2"));
  EXPECT_THAT(error(at.phone_names + 15, "x"), HasSubstr("phones names: phone 1"));
  EXPECT_THAT(error(at.phone_names + 1, " "), HasSubstr("phones names: phone 1"));
  EXPECT_THAT(error(at.spelling_firsts, "\1"), HasSubstr("spellings firsts"));
  EXPECT_THAT(error(at.spelling_firsts + 3, "\1"), HasSubstr("spellings firsts"));
  EXPECT_THAT(error(at.spelling_firsts + 4, std::string(1, '\0')), HasSubstr("spellings: word 3"));
  EXPECT_THAT(error(at.spelling_firsts + 4, "\xff"), HasSubstr("spellings: word 3"));
  EXPECT_THAT(error(at.spellings, "\xff"), HasSubstr("spellings: word 3"));
  EXPECT_THAT(error(at.spellings, " "), HasSubstr("spellings: word 3"));
  EXPECT_THAT(error(at.spellings, "hmm"), HasSubstr("is there twice"));
}

TEST_F(PhonesLexiconTest, AnyCutOrFlippedByteIsFound) {
  ASSERT_TRUE(Build(kArpa, kDictionary).ok());
  const std::string whole = ReadBytes(path_);
  for (size_t i = 0; i < whole.size(); i += 5) {
    EXPECT_EQ(OpenBytes(whole.substr(0, i)).code(), absl::StatusCode::kInvalidArgument) << i;
    std::string damaged = whole;
    damaged[i] ^= 0x10;
    EXPECT_EQ(OpenBytes(damaged).code(), absl::StatusCode::kInvalidArgument) << i;
  }
}

// With the hash made to fit, a file either names a field or is whole and safe to use.
TEST_F(PhonesLexiconTest, HostileFilesDoNoHarm) {
  std::mt19937 random(8);
  for (int order = 1; order <= 3; ++order) {
    ASSERT_TRUE(Build(RandomArpa(kWords, order, order), RandomDictionary(kWords, order)).ok());
    const std::string whole = ReadBytes(path_);
    const LmLayout layout(report_.counts);
    int opened = 0;
    for (int round = 0; round < 1000; ++round) {
      std::string hostile = whole;
      for (int changes = 1 + random() % 4; changes > 0; --changes) {
        const int part = random() % 4;  // the header, all, the lexicon (twice)
        const size_t from = part == 0 ? 72 : part == 1 ? kHeaderBytes : layout.letters;
        const size_t until = part == 0 ? 144 : whole.size();
        const auto byte = static_cast<char>(random() % 2 ? random() : random() % 16);
        hostile[from + random() % (until - from)] = byte;
      }
      Rehash(&hostile);
      WriteText(path_, hostile);
      const auto model = LanguageModel::Open(path_);
      if (!model.ok()) {
        ASSERT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
        continue;
      }
      ++opened;
      const Lexicon& lexicon = (*model)->lexicon();
      ExpectWhole(lexicon, (*model)->counts().ngrams[0]);
      LanguageModel::State state = (*model)->Begin();
      for (int i = 0; i < 50; ++i) {
        const auto node = static_cast<Lexicon::Node>(random() % 2 ? random() : random() % 20);
        const WordId word = random() % 2 ? random() : random() % 20;
        ASSERT_TRUE(std::isfinite((*model)->Score(state, lexicon.word(node), &state)));
        ASSERT_TRUE(std::isfinite((*model)->Score(state, lexicon.Likeliest(node), &state)));
        ASSERT_LE(lexicon.word(node) + lexicon.homophones(node), (*model)->counts().ngrams[0]);
        ASSERT_LE(lexicon.Spelling(word).size(), kMaxWordBytes);
        ASSERT_LT(lexicon.Pronunciation(word).size(), lexicon.nodes());
        lexicon.Child(node, static_cast<uint8_t>(random()));
        lexicon.Find(kWords[random() % kWords.size()]);
      }
    }
    EXPECT_GT(opened, 0);
    EXPECT_LT(opened, 1000);
  }
}

// Byte for byte: files that are there already stay valid, and go on being made.
TEST_F(PhonesLexiconTest, FilesOfLettersAreAsTheyWere) {
  WriteText(arpa_path_,
            "\\data\\\nngram 1=6\nngram 2=3\n\\1-grams:\n-9 <s> -0.5\n-1 </s>\n-1.5 to -0.25\n"
            "-2 too\n-2.5 two -0.125\n-1 tooth\n\\2-grams:\n-0.5 <s> two\n-0.25 two too\n"
            "-0.75 too </s>\n\\end\\\n");
  ASSERT_TRUE(BuildLanguageModel(arpa_path_, path_, nullptr).ok());
  const std::string bytes = ReadBytes(path_);
  EXPECT_EQ(Sha256Hex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}),
            "bb4af4aa7166fb73e6d58cc1f237b9ea8a28c6e2fd6bf03aaef1d42fa59c9ff0");
}

}  // namespace
}  // namespace rill
