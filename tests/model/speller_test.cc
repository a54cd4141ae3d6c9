// What tokens are to words: letters or phones, as the lexicon's words are; how words are said.
#include "model/decoder/speller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "model/decoder/letter_to_sound.h"
#include "tests/model/phones_fixture.h"

namespace rill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LetterToSoundTest, SaysWordsInThePhonesOfTheDictionary) {
  EXPECT_THAT(LetterToSound("two"), ElementsAre("T", "UW"));
  EXPECT_THAT(LetterToSound("about"), ElementsAre("AH", "B", "AW", "T"));  // flite's is a schwa
  EXPECT_THAT(LetterToSound("it's"), testing::SizeIs(3));
  EXPECT_THAT(LetterToSound("katha"), ElementsAre("K", "AE", "DH", "AH"));  // by rules
  EXPECT_THAT(LetterToSound("qwrtzpl"), testing::Contains("Z"));
}

TEST(LetterToSoundTest, KnowsNothingOfOtherCharacters) {
  for (const char* word : {"", "'", "Two", "two ", "42", "\xc3\xa9", "a-b", "a\xff", "\n"}) {
    EXPECT_THAT(LetterToSound(word), IsEmpty()) << word;
  }
  EXPECT_THAT(LetterToSound(std::string_view("a\0b", 3)), IsEmpty());
}

TEST(LetterToSoundTest, AnyLettersAreSaidInKnownPhones) {
  const std::set<std::string> known = {"AA", "AE", "AH", "AO", "AW", "AY", "B",  "CH", "D",  "DH",
                                       "EH", "ER", "EY", "F",  "G",  "HH", "IH", "IY", "JH", "K",
                                       "L",  "M",  "N",  "NG", "OW", "OY", "P",  "R",  "S",  "SH",
                                       "T",  "TH", "UH", "UW", "V",  "W",  "Y",  "Z",  "ZH"};
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string word;
    const size_t length = round < 20 ? 200 : 1 + random() % 12;
    const std::string letters = "abcdefghijklmnopqrstuvwxyz'";
    while (word.size() < length) word += letters[random() % letters.size()];
    for (const std::string& phone : LetterToSound(word)) {
      EXPECT_EQ(known.count(phone), 1u) << word << ": " << phone;
    }
  }
  EXPECT_GT(LetterToSound(std::string(200, 'b')).size(), 0u);
}

TEST(LetterToSoundTest, ManyThreadsMayAsk) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int k = 0; k < 200; ++k) {
        EXPECT_THAT(LetterToSound("katha"), ElementsAre("K", "AE", "DH", "AH"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

class SpellerTest : public PhonesFixture {
 protected:
  std::vector<int> Tokens(const std::string& names) const {
    std::vector<int> tokens;
    for (const std::string& name : Words(names)) tokens.push_back(Token(name));
    return tokens;
  }
};

TEST_F(SpellerTest, WithoutALexiconOfPhonesTokensAreLetters) {
  tokens_ = {"<blank>", "a", " ", "\xc3\xa9"};
  UseModel({"a"}, 1, 1);
  for (const Lexicon* lexicon : {static_cast<const Lexicon*>(nullptr), &model_->lexicon()}) {
    const Speller speller(&tokens_, lexicon);
    EXPECT_FALSE(speller.by_phones());
    EXPECT_EQ(speller.space(), 2);
    EXPECT_EQ(speller.symbols(3), "\xc3\xa9");
    EXPECT_EQ(speller.Letter(3), "\xc3\xa9");
    EXPECT_THAT(speller.Spell("A\xc3\xa9").value(), ElementsAre(1, 3));
    EXPECT_THAT(speller.Spell("ab").status().ToString(), HasSubstr("has no letter \"b\""));
  }
}

TEST_F(SpellerTest, WithOneTheyArePhonesOfTheLexiconOrOfTheRules) {
  UsePhones();
  const Lexicon& lexicon = model_->lexicon();
  const Speller speller(&tokens_, &lexicon);
  EXPECT_TRUE(speller.by_phones());
  EXPECT_EQ(speller.space(), 1);
  EXPECT_EQ(speller.Spell("Seats").value(), Tokens("S IY T S"));
  EXPECT_EQ(speller.Spell("Katha").value(), Tokens("K AE DH AH"));
  EXPECT_EQ(speller.Letter(Token("T")), std::string(1, static_cast<char>(Token("T"))));
  for (const std::string word : {"42", "\xc3\xa9", "zoo", "ham", ""}) {
    EXPECT_THAT(speller.Spell(word).status().ToString(), HasSubstr("it is not known how")) << word;
  }
  // The symbols lead to the words; the model's Z does to none.
  EXPECT_EQ(speller.symbols(Token("Z")), "");
  Lexicon::Node node = Lexicon::kRoot;
  for (const char* phone : {"T", "UW", "TH"}) {
    ASSERT_EQ(speller.symbols(Token(phone)).size(), 1u);
    node = lexicon.Child(node, static_cast<uint8_t>(speller.symbols(Token(phone))[0]));
  }
  EXPECT_EQ(lexicon.Spelling(lexicon.word(node)), "tooth");
}

TEST_F(SpellerTest, PhonesThatTheModelDoesNotHearAreNamed) {
  UsePhones();
  EXPECT_TRUE(CheckPhones(model_->lexicon(), tokens_).ok());
  tokens_.erase(tokens_.begin() + Token("TH"));
  const absl::Status status = CheckPhones(model_->lexicon(), tokens_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.ToString(), HasSubstr("\"TH\""));
}

}  // namespace
}  // namespace rill
