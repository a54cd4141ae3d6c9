#include "model/utterance_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "model/language_model/language_model_builder.h"
#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using Kind = StreamEvent::Kind;
constexpr int64_t kFrame = 640;  // samples: 40 ms

class UtteranceBuilderTest : public ::testing::Test {
 protected:
  void Start(const EndpointRules& rules, bool interim = true) {
    UtteranceOptions options;
    options.endpoint = rules;
    options.interim_results = interim;
    StartWith(options);
  }
  void StartWith(const UtteranceOptions& options) {
    builder_ = std::make_unique<UtteranceBuilder>(DecoderFactory(&tokens_), nullptr, options);
    time_ = 0;
  }
  void StartWithEvents() {
    UtteranceOptions options;
    options.interim_results = false;
    options.speech_events = true;
    StartWith(options);
  }

  DecoderFactory BeamFactory(const BeamOptions& beam, const LanguageModel* model = nullptr) {
    DecoderOptions options;
    options.kind = DecoderOptions::Kind::kBeam;
    options.beam = beam;
    return DecoderFactory::Create(&tokens_, model, options).value();
  }

  // Of so many words, a line of an ARPA file each.
  static std::unique_ptr<LanguageModel> Unigrams(int words, const std::string& lines) {
    const TemporaryFolder folder;
    WriteText(folder / "lm.arpa",
              absl::StrCat("\\data\\\nngram 1=", 3 + words,
                           "\n\\1-grams:\n-3 <unk>\n-9 <s>\n-1 </s>\n", lines, "\\end\\\n"));
    EXPECT_TRUE(BuildLanguageModel(folder / "lm.arpa", folder / "lm.rlm", nullptr).ok());
    return LanguageModel::Open(folder / "lm.rlm").value();
  }

  // One character a frame; '_' is the blank.
  void Say(const std::string& frames) {
    for (const char c : frames) {
      std::vector<float> log_probs(tokens_.size(), -5.0f);
      log_probs[c == '_' ? 0 : c == ' ' ? 1 : 2 + c - 'a'] = -0.1f;
      builder_->Accept(log_probs, time_, time_ + kFrame);
      time_ += kFrame;
    }
  }

  static std::string Describe(const StreamEvent& event) {
    const char* names[] = {"interim ", "final ", "flushed", "end", "speech", "pause"};
    return names[static_cast<int>(event.kind)] + event.hypothesis.text;
  }

  std::vector<std::string> Events() {
    std::vector<std::string> described;
    for (const StreamEvent& event : builder_->TakeEvents()) described.push_back(Describe(event));
    return described;
  }

  using Strings = std::vector<std::string>;
  const std::vector<std::string> tokens_ = {"<blank>", " ", "a", "b", "c"};
  std::unique_ptr<UtteranceBuilder> builder_;
  int64_t time_ = 0;
};

TEST_F(UtteranceBuilderTest, InterimOnlyWhenTheTextHasChanged) {
  Start({});
  EXPECT_EQ(Events(), Strings());
  Say("__a");
  EXPECT_EQ(Events(), Strings{"interim a"});
  EXPECT_EQ(Events(), Strings());
  Say("a_ _");
  EXPECT_EQ(Events(), Strings());
  Say("b");
  EXPECT_EQ(Events(), Strings{"interim a b"});
}

// An open word counts what the best word with its beginning counts; when it is over, there may
// better have been none.
TEST_F(UtteranceBuilderTest, WordsThatWereToldAreTakenBack) {
  const auto model = Unigrams(2, "-5 a\n-0.5 ab\n");
  BeamOptions beam;
  beam.letter_bonus = 0;
  const DecoderFactory factory = BeamFactory(beam, model.get());
  UtteranceOptions options;
  options.interim_results = true;
  builder_ = std::make_unique<UtteranceBuilder>(factory, nullptr, options);
  builder_->Accept({{-3.0f, -9.0f, -0.05f, -9.0f, -9.0f}}, 0, kFrame);
  time_ = kFrame;
  EXPECT_EQ(Events(), Strings{"interim a"});
  Say(" ");
  EXPECT_EQ(Events(), Strings{"interim "});
  Say("_");
  EXPECT_EQ(Events(), Strings());
}

// What the likeliest letters spell is compared with the words of a beam, each utterance's with its
// own, also where the stream has moved in between; a greedy stream has nothing to compare.
TEST_F(UtteranceBuilderTest, WordsOfABeamKnowHowFarTheyAreFromTheLikeliestLetters) {
  const DecoderFactory factory = BeamFactory({});
  const auto hot_words = factory.MakeHotWords({{"ab", 8}});
  ASSERT_TRUE(hot_words.ok()) << hot_words.status();
  builder_ = std::make_unique<UtteranceBuilder>(factory, *hot_words, UtteranceOptions());
  const std::string pause(30, '_');
  Say("_ac_" + pause + "_ab_" + pause + "_a");
  std::vector<StreamEvent> events = builder_->TakeEvents();
  StateWriter writer;
  builder_->Save(writer);
  const std::string state = writer.Take();
  StateReader reader(state);
  builder_ = std::make_unique<UtteranceBuilder>(factory, nullptr, UtteranceOptions());
  builder_->Load(reader);
  ASSERT_TRUE(reader.ok()) << reader.status();
  Say("c_");
  builder_->End();
  for (StreamEvent& event : builder_->TakeEvents()) events.push_back(std::move(event));
  std::vector<std::pair<std::string, float>> finals;
  for (const StreamEvent& event : events) {
    if (event.kind != Kind::kFinal) continue;
    finals.emplace_back(event.hypothesis.text, event.hypothesis.words[0].evidence.misspelling);
  }
  EXPECT_THAT(finals, testing::ElementsAre(testing::Pair("ab", 0.5f), testing::Pair("ab", 0.0f),
                                           testing::Pair("ab", 0.5f)));
}

// More letters than are ever kept, in speech without a pause: it is cut, and each part forgotten.
TEST_F(UtteranceBuilderTest, LettersOfUtterancesThatAreOverAreForgotten) {
  BeamOptions beam;
  beam.beam = 2;
  const DecoderFactory factory = BeamFactory(beam);
  UtteranceOptions options;
  options.interim_results = false;
  builder_ = std::make_unique<UtteranceBuilder>(factory, nullptr, options);
  time_ = 0;
  for (size_t i = 0; i < GreedySpelling::kMostLetters; ++i) Say("ab ");
  builder_->End();
  for (const StreamEvent& event : builder_->TakeEvents()) {
    for (const Word& word : event.hypothesis.words) ASSERT_EQ(word.evidence.misspelling, 0);
  }
}

// A lexicon that has none of what is said: the beam has no words, however long it is said.
TEST_F(UtteranceBuilderTest, LettersOfNoWordsAreForgotten) {
  const auto model = Unigrams(1, "-1 c\n");
  BeamOptions beam;
  beam.lexicon = true;
  beam.beam = 2;
  beam.letter_bonus = 0;
  const DecoderFactory factory = BeamFactory(beam, model.get());
  builder_ = std::make_unique<UtteranceBuilder>(factory, nullptr, UtteranceOptions());
  time_ = 0;
  const auto state_bytes = [this] {
    StateWriter writer;
    builder_->Save(writer);
    return writer.Take().size();
  };
  for (int i = 0; i < 50; ++i) Say("ab");
  EXPECT_EQ(Events(), Strings());
  const size_t before = state_bytes();
  for (int i = 0; i < 500; ++i) Say("ab");
  EXPECT_EQ(Events(), Strings());
  EXPECT_EQ(state_bytes(), before);
}

TEST_F(UtteranceBuilderTest, NoInterimUnlessAskedFor) {
  Start({}, /*interim=*/false);
  Say("ab");
  EXPECT_EQ(Events(), Strings());
  builder_->End();
  EXPECT_EQ(Events(), (Strings{"final ab", "end"}));
}

TEST_F(UtteranceBuilderTest, SilenceEndsAnUtteranceAtItsFrame) {
  Start({});
  Say("__ab" + std::string(25, '_') + "__c");
  const std::vector<StreamEvent> events = builder_->TakeEvents();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(Describe(events[0]), "final ab");
  EXPECT_EQ(events[0].start, 2 * kFrame);
  EXPECT_EQ(events[0].end, 29 * kFrame);  // a second after the b
  EXPECT_EQ(Describe(events[1]), "interim c");
  EXPECT_EQ(events[1].start, 31 * kFrame);
  EXPECT_EQ(events[1].end, 32 * kFrame);
}

TEST_F(UtteranceBuilderTest, EndpointsDoNotDependOnWhenEventsAreTaken) {
  const std::string speech = "ab_c" + std::string(30, '_') + "b a" + std::string(40, '_') + "c_";
  Strings whole, pieces;
  Start({}, false);
  Say(speech);
  builder_->End();
  whole = Events();
  Start({}, false);
  for (const char c : speech) {
    Say(std::string(1, c));
    for (const std::string& event : Events()) pieces.push_back(event);
  }
  builder_->End();
  for (const std::string& event : Events()) pieces.push_back(event);
  EXPECT_EQ(whole, (Strings{"final abc", "final b a", "final c", "end"}));
  EXPECT_EQ(pieces, whole);
}

TEST_F(UtteranceBuilderTest, LongUtterancesAreCutBetweenWords) {
  EndpointRules rules;
  rules.max_utterance_ms = 1000;  // 25 frames
  Start(rules);
  Say("_ab_ca_cb_ba_c b_a_b_a_b_ac");  // 26 frames since the first a
  const std::vector<StreamEvent> events = builder_->TakeEvents();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(Describe(events[0]), "final abcacbbac");
  EXPECT_EQ(events[0].end, 15 * kFrame);  // where the open word begins
  EXPECT_EQ(Describe(events[1]), "interim bababac");
  builder_->End();
  EXPECT_EQ(Events(), (Strings{"final bababac", "end"}));
}

TEST_F(UtteranceBuilderTest, WithoutEndpointsAnUtteranceIsCutAfterTenMinutes) {
  for (const bool enabled : {false, true}) {
    EndpointRules rules;
    rules.enabled = enabled;
    rules.max_utterance_ms = 0;
    Start(rules, /*interim=*/false);
    for (int i = 0; i < 20000; ++i) Say("a ");  // 26 min 40 s
    const std::vector<StreamEvent> events = builder_->TakeEvents();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].end, int64_t{16} * kLongestUtteranceMs);
    EXPECT_EQ(events[1].end, int64_t{16} * 2 * kLongestUtteranceMs);
    EXPECT_EQ(events[1].hypothesis.words.size(), 7500u);
  }
}

TEST_F(UtteranceBuilderTest, FlushMakesFinalAndKeepsTheClock) {
  Start({});
  builder_->Flush(7);
  EXPECT_EQ(Events(), Strings{"flushed"});
  Say("a");
  builder_->Flush(8);
  Say("_b");
  builder_->End();
  const std::vector<StreamEvent> events = builder_->TakeEvents();
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(Describe(events[0]), "final a");
  EXPECT_EQ(events[1].kind, Kind::kFlushed);
  EXPECT_EQ(events[1].flush_id, 8u);
  EXPECT_EQ(Describe(events[2]), "final b");
  EXPECT_EQ(events[2].start, 2 * kFrame);
  EXPECT_EQ(events[3].kind, Kind::kEnd);
  EXPECT_EQ(events[3].end, 3 * kFrame);
}

TEST_F(UtteranceBuilderTest, SpeechIsToldOfWhenItIsCertainAndWhenItHasPaused) {
  StartWithEvents();
  Say("___ab__");  // 160 ms since the a
  EXPECT_EQ(Events(), Strings());
  Say("_");
  std::vector<StreamEvent> events = builder_->TakeEvents();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(Describe(events[0]), "speech");
  EXPECT_EQ(events[0].start, 3 * kFrame);
  Say("c" + std::string(24, '_'));
  EXPECT_EQ(Events(), Strings());
  Say("_");
  events = builder_->TakeEvents();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(Describe(events[0]), "pause");
  EXPECT_EQ(events[0].start, 9 * kFrame);  // where the c ends
  EXPECT_EQ(Describe(events[1]), "final abc");
}

TEST_F(UtteranceBuilderTest, SpeechEventsComeInTurnsHoweverTheyAreTaken) {
  const std::string speech = "_a" + std::string(30, '_') + "bab_c" + std::string(30, '_') + "_b";
  StartWithEvents();
  Say(speech);
  builder_->End();
  const Strings whole = Events();
  EXPECT_EQ(whole, (Strings{"speech", "pause", "final a", "speech", "pause", "final babc", "speech",
                            "pause", "final b", "end"}));
  StartWithEvents();
  Strings pieces;
  for (const char c : speech) {
    Say(std::string(1, c));
    for (const std::string& event : Events()) pieces.push_back(event);
  }
  builder_->End();
  for (const std::string& event : Events()) pieces.push_back(event);
  EXPECT_EQ(pieces, whole);
}

TEST_F(UtteranceBuilderTest, ALongUtterancesCutIsNoPause) {
  UtteranceOptions options;
  options.endpoint.max_utterance_ms = 1000;
  options.interim_results = false;
  options.speech_events = true;
  StartWith(options);
  Say("_ab_ca_cb_ba_c b_a_b_a_b_ac");
  EXPECT_EQ(Events(), (Strings{"speech", "final abcacbbac"}));
  builder_->Flush(1);
  EXPECT_EQ(Events(), (Strings{"pause", "final bababac", "flushed"}));
}

TEST_F(UtteranceBuilderTest, ASingleUtteranceEndsTheStream) {
  for (const bool flushed : {false, true}) {
    UtteranceOptions options;
    options.single_utterance = true;
    StartWith(options);
    if (flushed) {
      Say("_ab");
      builder_->Flush(3);
    } else {
      Say("_ab" + std::string(25, '_'));
    }
    Say("ccc");
    builder_->Flush(4);
    builder_->End();
    EXPECT_EQ(Events(), (Strings{"final ab", "end"}));
  }
}

TEST_F(UtteranceBuilderTest, ASingleUtteranceOfNothingEndsByItsRule) {
  UtteranceOptions options;
  options.single_utterance = true;
  options.endpoint.silence_without_words_ms = 2000;
  StartWith(options);
  Say(std::string(200, '_'));
  EXPECT_EQ(Events(), (Strings{"final ", "end"}));
  StartWith(options);
  Say("__");
  builder_->End();
  EXPECT_EQ(Events(), Strings{"end"});
}

TEST_F(UtteranceBuilderTest, NoiseDoesNotEndASingleUtteranceUnlessAFlushDoes) {
  Calibration doubtful;
  doubtful.confidence = {-10};
  CalibrationTable calibrations;
  calibrations.Set(CalibrationTable::Name(/*beam=*/false, /*language_model=*/false), doubtful);
  const auto factory = DecoderFactory::Create(&tokens_, nullptr, {}, &calibrations);
  ASSERT_TRUE(factory.ok()) << factory.status();
  UtteranceOptions options;
  options.single_utterance = true;
  options.interim_results = false;
  for (const bool flushed : {false, true}) {
    builder_ = std::make_unique<UtteranceBuilder>(*factory, nullptr, options);
    time_ = 0;
    Say("_ab" + std::string(25, '_'));
    EXPECT_EQ(Events(), Strings{"final "});
    if (flushed) {
      Say("_ab");
      builder_->Flush(3);
      EXPECT_EQ(Events(), (Strings{"final ", "end"}));
    } else {
      Say("a b c" + std::string(25, '_'));  // too many words for noise
      EXPECT_EQ(Events(), (Strings{"final a b c", "end"}));
    }
  }
}

TEST_F(UtteranceBuilderTest, SilenceWithoutWordsIsToldOfIfAskedFor) {
  EndpointRules rules;
  rules.silence_without_words_ms = 2000;  // 50 frames
  Start(rules);
  Say(std::string(120, '_'));
  const std::vector<StreamEvent> events = builder_->TakeEvents();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(Describe(events[1]), "final ");
  EXPECT_EQ(events[1].start, 50 * kFrame);
  EXPECT_EQ(events[1].end, 100 * kFrame);
}

}  // namespace
}  // namespace rill
