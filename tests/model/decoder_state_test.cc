// A decoder that is saved and loaded at any time goes on exactly as one that was left alone, and no
// bytes make it crash.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "model/decoder/decoder_factory.h"
#include "model/language_model/language_model_builder.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"
#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

constexpr int64_t kFrame = 640;

struct Setting {
  std::string name;
  DecoderOptions::Kind kind = DecoderOptions::Kind::kBeam;
  bool language_model = false;
  bool lexicon = false;
  int beam = 8;
  bool phones = false;
};

void PrintTo(const Setting& setting, std::ostream* out) { *out << setting.name; }

class DecoderStateTest : public ::testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    WriteText(folder_ / "lm.arpa", RandomArpa({"a", "ab", "abc", "b", "ba", "ca", "cab"}, 3, 1));
    // "ab" and "ba", "c" and "ca" sound alike.
    WriteText(folder_ / "lm.dict", "a UW\nab T UW\nba T UW\nca S\nc S\ncab T UW S\n");
    const std::string dictionary = GetParam().phones ? folder_ / "lm.dict" : std::string();
    ASSERT_TRUE(
        BuildLanguageModel(folder_ / "lm.arpa", folder_ / "lm.rlm", nullptr, dictionary).ok());
    auto model = LanguageModel::Open(folder_ / "lm.rlm");
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    DecoderOptions options;
    options.kind = GetParam().kind;
    options.alternatives = 3;
    options.beam.beam = GetParam().beam;
    options.beam.lexicon = GetParam().lexicon;
    auto factory = DecoderFactory::Create(
        &tokens_, GetParam().language_model ? model_.get() : nullptr, options, nullptr, &phones_);
    ASSERT_TRUE(factory.ok()) << factory.status();
    factory_ = std::make_unique<DecoderFactory>(*factory);
    beam_ = GetParam().kind == DecoderOptions::Kind::kBeam;
  }

  std::vector<float> RandomFrame() {
    std::vector<float> frame(tokens_.size());
    std::normal_distribution<float> normal(0, 3);
    float sum = 0;
    for (float& value : frame) sum += value = std::exp(normal(random_));
    for (float& value : frame) value = std::log(value / sum);
    return frame;
  }

  std::shared_ptr<const HotWords> RandomHotWords() {
    if (!beam_ || random_() % 3 == 0) return nullptr;
    const std::vector<std::vector<HotWord>> choices = {
        {{"abba", 4}}, {{"ab cab", 6}, {"ca", -3}}, {{"b b", 2}, {"bcb", 5}, {"b", 1}}};
    // Of which the lexicon has not "sioux", "soo", which sound alike, and "tutu".
    const std::vector<std::vector<HotWord>> spoken = {
        {{"sioux", 14}, {"ba", 3}},
        {{"soo", 14}, {"sioux", 14}, {"ab soo", 3}},
        {{"tutu ba", 9}, {"tutu", 9}, {"ab", -4}, {"tsu", -1}}};
    if (GetParam().phones) return *factory_->MakeHotWords(spoken[random_() % spoken.size()]);
    return *factory_->MakeHotWords(choices[random_() % choices.size()]);
  }

  static std::string Save(const CtcDecoder& decoder) {
    StateWriter writer;
    decoder.Save(writer);
    return writer.Take();
  }

  std::unique_ptr<CtcDecoder> Load(const std::string& state, absl::Status* status) {
    auto decoder = factory_->New(hot_words_, beam_);
    StateReader reader(state);
    decoder->Load(reader);
    reader.RequireEnd();
    *status = reader.status();
    return decoder;
  }

  static std::string Describe(const std::vector<Hypothesis>& hypotheses) {
    std::string text;
    for (const Hypothesis& hypothesis : hypotheses) {
      text += std::to_string(hypothesis.score) + " " + std::to_string(hypothesis.confidence);
      for (const Word& word : hypothesis.words) {
        text += " " + word.text + " " + std::to_string(word.start) + "-" +
                std::to_string(word.end) + " " + std::to_string(word.confidence);
      }
      text += "\n";
    }
    return text;
  }

  // Something that may happen to a decoder; the same for the same seed.
  std::string Do(CtcDecoder& decoder, int what, const std::vector<float>& frame) {
    if (what == 0) return Describe(decoder.TakeNBest(4));
    if (what == 1) return Describe(decoder.TakeClosedNBest(4));
    if (what == 2 && beam_) decoder.SetHotWords(hot_words_);
    decoder.Accept(frame, time_, time_ + kFrame);
    return Describe({decoder.Current()}) + std::to_string(decoder.first_word_start()) + " " +
           std::to_string(decoder.last_letter_end()) + " " + std::to_string(decoder.changes());
  }

  const std::vector<std::string> tokens_ = {"<blank>", " ", "a", "b", "c"};
  const std::vector<std::string> phones_ = {"<blank>", " ", "S", "T", "UW"};
  TemporaryFolder folder_;
  std::unique_ptr<LanguageModel> model_;
  std::unique_ptr<DecoderFactory> factory_;
  std::shared_ptr<const HotWords> hot_words_;
  bool beam_ = false;
  std::mt19937 random_{7};
  int64_t time_ = 0;
};

TEST_P(DecoderStateTest, GoesOnAsIfNothingHadHappened) {
  auto alone = factory_->New(nullptr, beam_), moved = factory_->New(nullptr, beam_);
  for (int i = 0; i < 1500; ++i) {
    if (random_() % 5 == 0) {
      absl::Status status;
      auto next = Load(Save(*moved), &status);
      ASSERT_TRUE(status.ok()) << status << " at " << i;
      moved = std::move(next);
    }
    const int what = static_cast<int>(random_() % 60);
    if (what == 2) hot_words_ = RandomHotWords();
    const std::vector<float> frame = RandomFrame();
    ASSERT_EQ(Do(*moved, what, frame), Do(*alone, what, frame)) << "at " << i;
    time_ += kFrame;
  }
}

TEST_P(DecoderStateTest, NoBytesDoHarm) {
  if (GetParam().phones) hot_words_ = RandomHotWords();
  auto decoder = factory_->New(hot_words_, beam_);
  for (int i = 0; i < 40; ++i, time_ += kFrame) {
    decoder->Accept(RandomFrame(), time_, time_ + kFrame);
  }
  const std::string good = Save(*decoder);
  int refused = 0, taken = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string bad = good;
    for (uint32_t n = 1 + random_() % 4; n > 0; --n) {
      const size_t at = random_() % bad.size();
      bad[at] = random_() % 3 == 0 ? static_cast<char>(255) : static_cast<char>(random_());
    }
    if (random_() % 8 == 0) bad.resize(random_() % bad.size());
    absl::Status status;
    auto loaded = Load(bad, &status);
    if (!status.ok()) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      ++refused;
      continue;
    }
    ++taken;
    for (int t = 0; t < 20; ++t) loaded->Accept(RandomFrame(), time_, time_ + kFrame);
    loaded->TakeClosedNBest(4);
    loaded->TakeNBest(4);
  }
  EXPECT_GT(refused, 300);
  EXPECT_GT(taken, 10);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, DecoderStateTest,
    ::testing::Values(Setting{"Greedy", DecoderOptions::Kind::kGreedy}, Setting{"Beam"},
                      Setting{"Narrow", DecoderOptions::Kind::kBeam, true, false, 1},
                      Setting{"LanguageModel", DecoderOptions::Kind::kBeam, true},
                      Setting{"Lexicon", DecoderOptions::Kind::kBeam, true, true},
                      Setting{"Phones", DecoderOptions::Kind::kBeam, true, true, 8, true},
                      Setting{"NarrowPhones", DecoderOptions::Kind::kBeam, true, true, 2, true}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace rill
