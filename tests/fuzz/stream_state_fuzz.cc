// FrameQueue::Load and UtteranceBuilder::Load of any bytes: an error, or something that works and
// can be saved again. Input: greedy, beam or beam by phones, number of bytes of the queue's state,
// that, the builder's.
#include <memory>
#include <string>
#include <vector>

#include "model/frame_queue.h"
#include "model/utterance_builder.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/small_language_models.h"

namespace rill {
namespace {

constexpr int kBins = 2;
constexpr int kMaxFrames = 200;

template <typename Part>
std::string Saved(const Part& part) {
  StateWriter writer;
  part.Save(writer);
  return writer.Take();
}

void TryQueue(const DecoderFactory& factory, absl::string_view state) {
  FrameQueue queue(kBins), other(kBins);
  StateReader reader(state);
  queue.Load(factory, kMaxFrames, reader);
  if (!reader.ok()) return;
  const std::string again = Saved(queue);
  StateReader second(again);
  other.Load(factory, kMaxFrames, second);
  second.RequireEnd();
  Expect(second.ok() && Saved(other) == again, "a queue that is saved can be loaded");
  std::vector<float> frames;
  int taken = 0;
  while (queue.ready(4)) taken += queue.Take(4, 2, &frames).frames;
  Expect(taken <= kMaxFrames && frames.size() == static_cast<size_t>(taken) * kBins,
         "the frames are those that waited");
}

void TryBuilder(const DecoderFactory& factory, absl::string_view state) {
  UtteranceOptions options;
  options.speech_events = true;
  options.endpoint.max_utterance_ms = 1000;
  UtteranceBuilder builder(factory, nullptr, options), other(factory, nullptr, options);
  StateReader reader(state);
  builder.Load(reader);
  if (!reader.ok()) return;
  const std::string again = Saved(builder);
  StateReader second(again);
  other.Load(second);
  second.RequireEnd();
  Expect(second.ok() && Saved(other) == again, "a builder that is saved can be loaded");
  for (int t = 0; t < 30; ++t) {
    std::vector<float> outputs = {-2, -1, -0.5f - static_cast<float>(t % 3), -1.5f};
    for (size_t i = 0; i < SmallPhones().size(); ++i) {
      outputs.push_back(-0.3f * static_cast<float>((t + i) % SmallPhones().size()));
    }
    builder.Accept(outputs, t * 640, (t + 1) * 640);
    other.Accept(outputs, t * 640, (t + 1) * 640);
  }
  builder.Flush(1);
  other.Flush(1);
  Expect(builder.TakeEvents().size() == other.TakeEvents().size(), "both tell as much");
}

}  // namespace
}  // namespace rill

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rill;
  static const std::vector<std::string>& tokens =
      *new std::vector<std::string>{"<blank>", " ", "a", "b"};
  InputReader input(data, size);
  DecoderOptions options;
  const int kind = input.Byte() % 3;
  options.kind = kind == 0 ? DecoderOptions::Kind::kGreedy : DecoderOptions::Kind::kBeam;
  options.beam.beam = 4;
  const auto factory = DecoderFactory::Create(&tokens, kind == 2 ? &SmallPhonesModel() : nullptr,
                                              options, nullptr, &SmallPhones());
  const absl::string_view queue = input.TakeBytes(input.Take<uint16_t>());
  TryQueue(*factory, queue);
  TryBuilder(*factory, input.rest());
  return 0;
}
