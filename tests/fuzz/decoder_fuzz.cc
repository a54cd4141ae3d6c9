// Decoders with any options and hot words over any log-probabilities, with and without a small
// language model; one that moves now and then says the same as one that does not. Input: the
// options, then the frames and what happens between them.
#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "model/decoder/decoder_factory.h"
#include "model/language_model/language_model_builder.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

const std::vector<std::string>& Tokens() {
  static auto& tokens = *new std::vector<std::string>{"<blank>", " ", "a", "b", "c", "'"};
  return tokens;
}

const LanguageModel& SmallModel() {
  static auto& model = *[] {
    const TemporaryFolder folder;
    WriteText(folder / "small.arpa", RandomArpa({"a", "ab", "abc", "b", "cab", "ca"}, 3, 1));
    Expect(BuildLanguageModel(folder / "small.arpa", folder / "small.rlm", nullptr).ok(),
           "the small language model can be built");
    return LanguageModel::Open(folder / "small.rlm")->release();
  }();
  return model;
}

DecoderOptions TakeOptions(InputReader* input) {
  DecoderOptions options;
  const int bits = input->Byte();
  options.kind = static_cast<DecoderOptions::Kind>(bits % 2);
  options.beam.lexicon = bits & 2;
  options.alternatives = input->Byte() % 102;
  options.beam.beam = 1 + input->Byte() % 12;
  // Mostly in range, else any pattern of bits.
  const auto number = [&](float low, float high) {
    const uint8_t byte = input->Byte();
    return byte == 255 ? input->Take<float>() : low + (high - low) * byte / 254;
  };
  options.beam.lm_weight = number(0, 10);
  options.beam.word_bonus = number(-20, 20);
  options.beam.blank_penalty = number(-20, 20);
  options.beam.token_threshold = number(0, 100);
  options.beam.beam_threshold = number(0, 1000);
  options.beam.unknown_word_penalty = number(0, 100);
  options.beam.unknown_letter_penalty = number(0, 100);
  for (int i = input->Below(4); i > 0; --i) {
    const float boost = number(-20, 20);
    std::string phrase(input->TakeBytes(input->Below(9)));
    for (char& letter : phrase) letter = letter == '\xFF' ? letter : "abcABC '"[letter & 7];
    options.hot_words.push_back({phrase, boost});
  }
  return options;
}

std::vector<float> TakeFrame(InputReader* input) {
  std::vector<float> log_probs;
  for (size_t i = 0; i < Tokens().size(); ++i) {
    const uint8_t byte = input->Byte();
    log_probs.push_back(byte == 255 ? input->Take<float>() : -0.05f * byte);
  }
  return log_probs;
}

void ExpectAlike(const std::vector<Hypothesis>& one, const std::vector<Hypothesis>& other) {
  Expect(!one.empty() && one.size() == other.size(), "as many alternatives after a move");
  for (size_t i = 0; i < one.size(); ++i) {
    Expect(one[i].words.size() == other[i].words.size(), "as many words after a move");
    for (size_t w = 0; w < one[i].words.size(); ++w) {
      Expect(one[i].words[w].text == other[i].words[w].text, "the same words after a move");
      Expect(one[i].words[w].start <= one[i].words[w].end, "a word ends after its start");
    }
  }
}

// A decoder just made that has loaded the other's state.
std::unique_ptr<CtcDecoder> Moved(const CtcDecoder& decoder, std::unique_ptr<CtcDecoder> other) {
  StateWriter writer;
  decoder.Save(writer);
  const std::string state = writer.Take();
  StateReader reader(state);
  other->Load(reader);
  reader.RequireEnd();
  Expect(reader.ok(), "what is saved can be loaded");
  return other;
}

}  // namespace
}  // namespace rill

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rill;
  constexpr int kMaxFrames = 60;
  InputReader input(data, size);
  const bool with_model = input.Byte() % 2 == 0;
  const DecoderOptions options = TakeOptions(&input);
  const auto factory =
      DecoderFactory::Create(&Tokens(), with_model ? &SmallModel() : nullptr, options);
  if (!factory.ok()) return 0;
  const auto hot_words = factory->MakeHotWords(options.hot_words);
  if (!hot_words.ok()) return 0;
  std::unique_ptr<CtcDecoder> decoder = factory->New(*hot_words);
  std::unique_ptr<CtcDecoder> mover = factory->New(*hot_words);
  for (int i = 0; i < kMaxFrames && !input.empty(); ++i) {
    const uint8_t action = input.Byte();
    const std::vector<float> frame = TakeFrame(&input);
    decoder->Accept(frame, i * 640, (i + 1) * 640);
    mover->Accept(frame, i * 640, (i + 1) * 640);
    if (action % 4 == 0) mover = Moved(*mover, factory->New(*hot_words));
    if (action % 8 == 1) ExpectAlike({decoder->Current()}, {mover->Current()});
    const int n = 1 + options.alternatives % 10;
    if (action % 32 == 2) ExpectAlike(decoder->TakeNBest(n), mover->TakeNBest(n));
    if (action % 32 == 3) ExpectAlike(decoder->TakeClosedNBest(n), mover->TakeClosedNBest(n));
    Expect(decoder->has_words() == mover->has_words(), "words or not, after a move too");
    // A state of any bytes.
    if (action == 255) {
      const std::unique_ptr<CtcDecoder> broken = factory->New(*hot_words);
      StateReader reader(input.rest());
      broken->Load(reader);
      if (!reader.ok()) continue;
      broken->Accept(frame, broken->time(), broken->time() + 640);
      Expect(!broken->TakeNBest(3).empty(), "there is always a text");
    }
  }
  ExpectAlike(decoder->TakeNBest(5), mover->TakeNBest(5));
  return 0;
}
