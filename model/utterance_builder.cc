#include "model/utterance_builder.h"

#include <utility>

namespace rill {
namespace {

constexpr int64_t kSamplesPerMs = 16;

}  // namespace

UtteranceBuilder::UtteranceBuilder(const std::vector<std::string>* tokens,
                                   const EndpointRules& rules, bool interim_results)
    : decoder_(tokens), rules_(rules), interim_results_(interim_results) {}

void UtteranceBuilder::Accept(absl::Span<const float> log_probs, int64_t start, int64_t end) {
  decoder_.Accept(log_probs, start, end);
  FindEnd();
}

void UtteranceBuilder::FindEnd() {
  UtteranceState state;
  state.has_words = decoder_.has_words();
  const int64_t begin = state.has_words ? decoder_.first_word_start() : utterance_start_;
  state.length_ms = (decoder_.time() - begin) / kSamplesPerMs;
  state.trailing_silence_ms = (decoder_.time() - decoder_.last_letter_end()) / kSamplesPerMs;
  switch (FindEndpoint(rules_, state)) {
    case Endpoint::kNone:
      break;
    case Endpoint::kSilence:
      AddFinal(decoder_.Take());
      break;
    case Endpoint::kTooLong:
      AddFinal(decoder_.TakeClosed());
      break;
  }
}

void UtteranceBuilder::AddFinal(Hypothesis hypothesis) {
  StreamEvent event;
  event.kind = StreamEvent::Kind::kFinal;
  event.start = hypothesis.words.empty() ? utterance_start_ : hypothesis.words.front().start;
  // A word left open belongs to the next utterance.
  event.end = decoder_.first_word_start();
  event.hypothesis = std::move(hypothesis);
  utterance_start_ = event.end;
  // A word left open has not been told of in its new utterance.
  letters_told_ = decoder_.has_words() ? -1 : decoder_.letters_heard();
  events_.push_back(std::move(event));
}

void UtteranceBuilder::AddFinalIfWords() {
  if (decoder_.has_words()) AddFinal(decoder_.Take());
}

void UtteranceBuilder::Flush(uint64_t flush_id) {
  AddFinalIfWords();
  StreamEvent event;
  event.kind = StreamEvent::Kind::kFlushed;
  event.start = event.end = decoder_.time();
  event.flush_id = flush_id;
  events_.push_back(std::move(event));
}

void UtteranceBuilder::End() {
  AddFinalIfWords();
  StreamEvent event;
  event.kind = StreamEvent::Kind::kEnd;
  event.start = event.end = decoder_.time();
  events_.push_back(std::move(event));
}

std::vector<StreamEvent> UtteranceBuilder::TakeEvents() {
  std::vector<StreamEvent> events = std::move(events_);
  events_.clear();
  if (interim_results_ && decoder_.letters_heard() != letters_told_ && decoder_.has_words()) {
    StreamEvent event;
    event.hypothesis = decoder_.Current();
    event.start = decoder_.first_word_start();
    event.end = decoder_.time();
    letters_told_ = decoder_.letters_heard();
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace rill
