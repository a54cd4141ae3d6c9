// A model that hears phones beside its letters: which of them each stream takes, from the factory
// to the events.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "model/decoder/decoder_factory.h"
#include "model/utterance_builder.h"
#include "tests/model/phones_fixture.h"

namespace rill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = DecoderOptions::Kind;

class PhonesUtteranceTest : public PhonesFixture {
 protected:
  void SetUp() override { UsePhones(); }

  DecoderFactory Factory(Kind kind, int alternatives = 0) const {
    DecoderOptions options;
    options.kind = kind;
    options.alternatives = alternatives;
    options.beam = Phones();
    options.beam.lexicon = false;  // phones are never decoded without it
    return DecoderFactory::Create(&letters_, model_.get(), options, nullptr, &tokens_).value();
  }

  void Begin(const DecoderFactory& factory, const std::vector<HotWord>& hot_words = {}) {
    UtteranceOptions options;
    options.interim_results = false;
    builder_ =
        std::make_unique<UtteranceBuilder>(factory, *factory.MakeHotWords(hot_words), options);
    time_ = 0;
  }

  // Rows [letters | phones] that say other things, as Said. The shorter one ends with blanks.
  void Hear(const std::string& letters, const std::string& phones) {
    const auto column = [](const std::vector<std::string>& names, const std::string& name) {
      return name == "_"
                 ? 0
                 : std::find(names.begin(), names.end(), name == "|" ? " " : name) - names.begin();
    };
    const std::vector<std::string> written = Words(letters), said = Words(phones);
    for (size_t t = 0; t < std::max(written.size(), said.size()); ++t) {
      std::vector<float> row(letters_.size() + tokens_.size(), -6.0f);
      row.at(column(letters_, t < written.size() ? written[t] : "_")) = -0.1f;
      row.at(letters_.size() + column(tokens_, t < said.size() ? said[t] : "_")) = -0.1f;
      builder_->Accept(row, time_, time_ + kFrame);
      time_ += kFrame;
    }
  }

  void Pause() {
    for (int i = 0; i < 26; ++i) Hear("_", "_");
  }

  // A second one to go on with, where the first one is.
  void Move(const DecoderFactory& factory) {
    StateWriter writer;
    builder_->Save(writer);
    const std::string state = writer.Take();
    const int64_t time = time_;
    Begin(factory);
    time_ = time;
    StateReader reader(state);
    builder_->Load(reader);
    reader.RequireEnd();
    ASSERT_TRUE(reader.ok()) << reader.status();
  }

  std::vector<std::string> Finals() {
    std::vector<std::string> texts;
    for (const StreamEvent& event : builder_->TakeEvents()) {
      if (event.kind != StreamEvent::Kind::kFinal) continue;
      texts.push_back(event.hypothesis.text);
      misspelling_ = event.hypothesis.words.back().evidence.misspelling;
    }
    return texts;
  }

  const std::vector<std::string> letters_ = {"<blank>", " ", "a", "b", "c", "h", "k", "t"};
  std::unique_ptr<UtteranceBuilder> builder_;
  float misspelling_ = 0;  // of the last word of all
};

TEST_F(PhonesUtteranceTest, TheModelMustHearAllPhonesOfTheLanguageModel) {
  DecoderOptions options;
  options.kind = Kind::kBeam;
  std::vector<std::string> fewer = tokens_;
  fewer.erase(fewer.begin() + Token("TH"));
  const std::vector<std::string> none;
  for (const std::vector<std::string>* phones :
       {static_cast<const std::vector<std::string>*>(nullptr), &none,
        static_cast<const std::vector<std::string>*>(&fewer)}) {
    const absl::Status status =
        DecoderFactory::Create(&letters_, model_.get(), options, nullptr, phones).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.ToString(), HasSubstr("language model: has words with the phone \""));
  }
  // A greedy stream needs none of them.
  options.kind = Kind::kGreedy;
  EXPECT_TRUE(DecoderFactory::Create(&letters_, model_.get(), options).ok());
}

// Also one whose letters are pieces of words.
TEST_F(PhonesUtteranceTest, ABeamByPhonesNeedsNoLetters) {
  const std::vector<std::string> pieces = {"<blank>", "th", " the"};
  DecoderOptions options;
  options.kind = Kind::kBeam;
  const auto factory = DecoderFactory::Create(&pieces, model_.get(), options, nullptr, &tokens_);
  ASSERT_TRUE(factory.ok()) << factory.status();
  EXPECT_TRUE(factory->MakeHotWords({{"katha", 1}}).ok());
}

TEST_F(PhonesUtteranceTest, EachKindTakesItsColumns) {
  std::vector<float> row(letters_.size() + tokens_.size());
  const auto part = [&row](const DecoderFactory& factory, Kind kind) {
    const absl::Span<const float> columns = factory.Part(kind, row);
    return std::pair<size_t, size_t>(columns.data() - row.data(), columns.size());
  };
  using Columns = std::pair<size_t, size_t>;
  const Columns of_letters(0, letters_.size()), of_phones(letters_.size(), tokens_.size());
  EXPECT_EQ(part(Factory(Kind::kBeam), Kind::kBeam), of_phones);
  EXPECT_EQ(part(Factory(Kind::kGreedy), Kind::kGreedy), of_letters);
  EXPECT_EQ(part(Factory(Kind::kGreedy), Kind::kBeam), of_letters);  // for its hot words
  model_ = nullptr;
  EXPECT_EQ(part(Factory(Kind::kBeam), Kind::kBeam), of_letters);
}

TEST_F(PhonesUtteranceTest, ABeamsWordsAreOfPhonesWithTheirAlternatives) {
  Begin(Factory(Kind::kBeam, 2));
  Hear("c a b", "T UW | S IY T S");
  builder_->End();
  const std::vector<StreamEvent> events = builder_->TakeEvents();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].hypothesis.text, "two seats");
  EXPECT_EQ(events[0].end, 7 * kFrame);
  ASSERT_EQ(events[0].alternatives.size(), 2u);
  EXPECT_EQ(events[0].alternatives[0].text, "to seats");
  for (const Word& word : events[0].hypothesis.words) EXPECT_EQ(word.evidence.misspelling, 0);
}

// Against the phones heard, not the letters: one of four is another.
TEST_F(PhonesUtteranceTest, MisspellingsAreOfPhones) {
  Begin(Factory(Kind::kBeam), {{"katha", 15}});
  Hear("c a b", "K EY DH AH _");
  builder_->End();
  EXPECT_THAT(Finals(), ElementsAre("katha"));
  EXPECT_EQ(misspelling_, 0.25f);
}

TEST_F(PhonesUtteranceTest, AGreedyStreamTakesLettersAlsoForItsHotWords) {
  const DecoderFactory factory = Factory(Kind::kGreedy);
  EXPECT_THAT(factory.MakeHotWords({{"two", 1}}).status().ToString(),
              HasSubstr("the model has no letter \"w\""));
  Begin(factory);
  Hear("_ c a b", "T UW | S IY");
  // A beam from the next utterance on.
  builder_->SetHotWords(*factory.MakeHotWords({{"katha", 9}}));
  Pause();
  EXPECT_THAT(Finals(), ElementsAre("cab"));
  Hear("k a t h b", "T UW | S IY");
  Pause();
  EXPECT_THAT(Finals(), ElementsAre("katha"));
  EXPECT_EQ(misspelling_, 0.2f);
  builder_->SetHotWords(nullptr);
  Hear("k a t h b", "T UW | S IY");
  builder_->End();
  EXPECT_THAT(Finals(), ElementsAre("kathb"));
}

TEST_F(PhonesUtteranceTest, HotWordsMayChangeAndTheStreamMayMoveInMidUtterance) {
  const DecoderFactory factory = Factory(Kind::kBeam);
  Begin(factory, {{"katha", 9}});
  Hear("", "K AE DH AH | T UW");
  builder_->SetHotWords(*factory.MakeHotWords({{"tue", 20}}));
  Move(factory);
  Hear("", "_ | T UW | T");
  Move(factory);
  Hear("", "UW");
  builder_->SetHotWords(nullptr);
  Pause();
  EXPECT_THAT(Finals(), ElementsAre("katha tue tue to"));
}

}  // namespace
}  // namespace rill
