// Decoders with any options and hot words over any log-probabilities, without a language model or
// with a small one, of letters or of phones; one that moves now and then says the same as one that
// does not. Options out of range are refused, all others taken. Input: the options, then the frames
// and what happens between them.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "model/decoder/decoder_factory.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/small_language_models.h"

namespace rill {
namespace {

const std::vector<std::string>& Tokens() {
  static auto& tokens = *new std::vector<std::string>{"<blank>", " ", "a", "b", "c", "'"};
  return tokens;
}

const CalibrationTable& Calibrations() {
  static auto& table = *[] {
    auto* made = new CalibrationTable;
    for (const char* name : {"greedy", "greedy+lm", "beam", "beam+lm"}) {
      made->Set(name, {{2, -1, -1, 0.1, 0.1, -1, 0.1}, {1, 1, -1, 1, 1}});
    }
    return made;
  }();
  return table;
}

// Mostly small, as wide beams are slow; now and then up to the widest, or any number.
int TakeBeam(InputReader* input) {
  const uint8_t byte = input->Byte();
  if (byte >= 252) return input->Take<int32_t>();
  return byte >= 224 ? 128 - 4 * (251 - byte) : 1 + byte % 12;
}

struct Options {
  DecoderOptions decoder;
  bool in_range = true;  // without the hot words
  bool hot_words_in_range = true;
};

Options TakeOptions(InputReader* input) {
  Options taken;
  DecoderOptions& options = taken.decoder;
  const int bits = input->Byte();
  options.kind = static_cast<DecoderOptions::Kind>(bits >= 252 ? bits : bits % 2);
  options.beam.lexicon = bits & 2;
  options.alternatives = input->Byte() % 102;
  options.beam.beam = TakeBeam(input);
  taken.in_range = bits < 252 && options.alternatives <= 100 && options.beam.beam >= 1 &&
                   options.beam.beam <= 128;
  // Mostly in range, else any pattern of bits.
  const auto number = [&](float low, float high, bool* in_range) {
    const uint8_t byte = input->Byte();
    const float value = byte == 255 ? input->Take<float>() : low + (high - low) * byte / 254;
    *in_range = *in_range && value >= low && value <= high;
    return value;
  };
  const auto option = [&](float low, float high) { return number(low, high, &taken.in_range); };
  options.min_confidence = option(0, 1);
  options.beam.lm_weight = option(0, 10);
  options.beam.word_bonus = option(-20, 20);
  options.beam.blank_penalty = option(-20, 20);
  options.beam.token_threshold = option(0, 100);
  options.beam.beam_threshold = option(0, 1000);
  options.beam.unknown_word_penalty = option(0, 100);
  options.beam.unknown_letter_penalty = option(0, 100);
  options.beam.letter_bonus = option(-20, 20);
  for (int i = input->Below(4); i > 0; --i) {
    const float boost = number(-20, 20, &taken.hot_words_in_range);
    std::string phrase(input->TakeBytes(input->Below(9)));
    for (char& letter : phrase) letter = letter == '\xFF' ? letter : "abcABC '"[letter & 7];
    options.hot_words.push_back({phrase, boost});
  }
  return taken;
}

std::vector<float> TakeFrame(size_t outputs, InputReader* input) {
  std::vector<float> log_probs;
  for (size_t i = 0; i < outputs; ++i) {
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

// What a recogniser does with a final result.
void Judge(const DecoderFactory& factory, const DecoderOptions& options, DecoderOptions::Kind kind,
           std::vector<Hypothesis> hypotheses) {
  for (Hypothesis& hypothesis : hypotheses) {
    factory.SetConfidence(kind, &hypothesis);
    const bool noise = factory.IsNoise(kind, hypothesis);
    Expect(!noise || hypothesis.words.size() <= 2, "only one or two words are noise");
    Expect(!noise || options.min_confidence > 0, "nothing is noise if any confidence will do");
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
  const LanguageModel* const models[] = {&SmallModel(), nullptr, &SmallPhonesModel()};
  const LanguageModel* const model = models[input.Byte() % 3];
  const Options taken = TakeOptions(&input);
  const DecoderOptions& options = taken.decoder;
  const auto factory =
      DecoderFactory::Create(&Tokens(), model, options, &Calibrations(), &SmallPhones());
  const bool lexicon_missing =
      options.kind == DecoderOptions::Kind::kBeam && options.beam.lexicon && model == nullptr;
  Expect(factory.ok() == (taken.in_range && !lexicon_missing),
         "options are refused if they are out of range, and only then");
  if (!factory.ok()) return 0;
  const auto hot_words = factory->MakeHotWords(options.hot_words);
  Expect(taken.hot_words_in_range || !hot_words.ok(), "boosts out of range are refused");
  if (!hot_words.ok()) return 0;
  const bool by_phones = model == &SmallPhonesModel();
  std::unique_ptr<CtcDecoder> decoder = factory->New(*hot_words);
  std::unique_ptr<CtcDecoder> mover = factory->New(*hot_words);
  for (int i = 0; i < kMaxFrames && !input.empty(); ++i) {
    const uint8_t action = input.Byte();
    const std::vector<float> outputs =
        TakeFrame(Tokens().size() + (by_phones ? SmallPhones().size() : 0), &input);
    const absl::Span<const float> frame = factory->Part(decoder->kind(), outputs);
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
  const std::vector<Hypothesis> hypotheses = decoder->TakeNBest(5);
  ExpectAlike(hypotheses, mover->TakeNBest(5));
  Judge(*factory, options, decoder->kind(), hypotheses);
  return 0;
}
