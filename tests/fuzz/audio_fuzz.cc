// AudioDecoder over any bytes: one answer however they are cut, and whether or not the decoder
// moves between the pieces. Input: encoding, rate, channels, size of the pieces, then the audio.
#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "model/audio/audio_decoder.h"
#include "tests/fuzz/fuzz_target.h"

namespace rill {
namespace {

struct Decoded {
  absl::Status status;
  std::vector<float> samples;
};

Decoded Decode(const AudioFormat& format, absl::string_view audio, size_t piece, bool move) {
  Decoded decoded;
  auto decoder = AudioDecoder::Create(format);
  decoded.status = decoder.status();
  while (decoded.status.ok() && !audio.empty()) {
    const absl::string_view bytes = audio.substr(0, piece);
    audio.remove_prefix(bytes.size());
    decoded.status = (*decoder)->Accept(
        absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()),
        &decoded.samples);
    if (!move) continue;
    StateWriter writer;
    (*decoder)->Save(writer);
    const std::string state = writer.Take();
    decoder = AudioDecoder::Create(format);
    StateReader reader(state);
    (*decoder)->Load(reader);
    reader.RequireEnd();
    Expect(reader.ok(), "what is saved can be loaded");
  }
  if (decoded.status.ok()) decoded.status = (*decoder)->Finish(&decoded.samples);
  return decoded;
}

}  // namespace
}  // namespace rill

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rill;
  constexpr size_t kMaxBytes = 1 << 16;
  constexpr int kRates[] = {0, 8000, 16000, 44100, 44101, 192000, 3999};
  InputReader input(data, std::min(size, kMaxBytes));
  AudioFormat format;
  const int encoding = input.Below(12);
  format.encoding = static_cast<AudioEncoding>(encoding % 6);
  format.may_have_header = encoding >= 6;
  format.sample_rate = kRates[input.Below(std::size(kRates))];
  format.channels = input.Below(10);
  const size_t piece = 1 + input.Take<uint16_t>() % 4096;
  const Decoded whole = Decode(format, input.rest(), kMaxBytes, false);
  for (const float sample : whole.samples) {
    Expect(sample >= -4 && sample <= 4, "samples are finite and near [-1, 1]");
  }
  // Too much in one piece need not be too much in several.
  if (whole.status.code() == absl::StatusCode::kResourceExhausted) return 0;
  // A move at every byte of a large file would take too long.
  const bool move = input.rest().size() / piece < 64;
  const Decoded cut = Decode(format, input.rest(), piece, move);
  // Which of several damages libFLAC finds first may depend on it.
  Expect(cut.status.code() == whole.status.code(), "the status does not depend on the cuts");
  // Before an error a piece's samples may come or not.
  if (whole.status.ok()) {
    Expect(cut.samples == whole.samples, "the samples do not depend on the cuts");
  }
  return 0;
}
