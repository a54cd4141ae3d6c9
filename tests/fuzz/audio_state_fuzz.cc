// AudioDecoder::Load of any bytes: an error, or a decoder that works and can be saved again. Input:
// encoding, rate, channels, number of bytes of audio to come, those, then the state.
#include <vector>

#include "model/audio/audio_decoder.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rill;
  constexpr int kRates[] = {0, 8000, 16000, 44100, 44101};
  InputReader input(data, size);
  AudioFormat format;
  format.encoding = static_cast<AudioEncoding>(input.Below(5));
  format.sample_rate = kRates[input.Below(std::size(kRates))];
  format.channels = input.Below(9);
  auto decoder = AudioDecoder::Create(format);
  if (!decoder.ok()) return 0;
  const absl::string_view audio = input.TakeBytes(input.Take<uint16_t>() % 4096);
  StateReader reader(input.rest());
  (*decoder)->Load(reader);
  const auto bytes =
      absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(audio.data()), audio.size());
  std::vector<float> samples;
  const absl::Status status = (*decoder)->Accept(bytes, &samples);
  if (!reader.ok()) {
    Expect(status == reader.status(), "a decoder with a broken state says so");
    return 0;
  }
  StateWriter writer;
  (*decoder)->Save(writer);
  const std::string state = writer.Take();
  auto other = AudioDecoder::Create(format);
  StateReader again(state);
  (*other)->Load(again);
  again.RequireEnd();
  Expect(again.ok(), "what is saved can be loaded");
  std::vector<float> expected;
  samples.clear();
  Expect((*decoder)->Accept(bytes, &expected) == (*other)->Accept(bytes, &samples) &&
             (*decoder)->Finish(&expected) == (*other)->Finish(&samples),
         "both end alike");
  Expect(samples == expected, "both give the same samples");
  return 0;
}
