#include "model/utterance_builder.h"

#include <utility>

namespace rill {
namespace {

constexpr int64_t kSamplesPerMs = 16;

}  // namespace

UtteranceBuilder::UtteranceBuilder(const DecoderFactory& factory,
                                   std::shared_ptr<const HotWords> hot_words,
                                   const EndpointRules& rules, bool interim_results)
    : factory_(factory),
      decoder_(factory.New(std::move(hot_words))),
      rules_(rules),
      interim_results_(interim_results) {}

void UtteranceBuilder::SetHotWords(std::shared_ptr<const HotWords> hot_words) {
  next_decoder_ = nullptr;
  if (decoder_->SetHotWords(hot_words)) return;
  next_decoder_ = factory_.New(std::move(hot_words));
  ChangeDecoder();
}

void UtteranceBuilder::ChangeDecoder() {
  if (next_decoder_ == nullptr || decoder_->has_words()) return;
  next_decoder_->ContinueFrom(*decoder_);
  decoder_ = std::move(next_decoder_);
}

void UtteranceBuilder::Accept(absl::Span<const float> log_probs, int64_t start, int64_t end) {
  decoder_->Accept(log_probs, start, end);
  FindEnd();
}

void UtteranceBuilder::FindEnd() {
  UtteranceState state;
  state.has_words = decoder_->has_words();
  const int64_t begin = state.has_words ? decoder_->first_word_start() : utterance_start_;
  state.length_ms = (decoder_->time() - begin) / kSamplesPerMs;
  state.trailing_silence_ms = (decoder_->time() - decoder_->last_letter_end()) / kSamplesPerMs;
  switch (FindEndpoint(rules_, state)) {
    case Endpoint::kNone:
      break;
    case Endpoint::kSilence:
      AddFinal(decoder_->TakeNBest(hypotheses_wanted()));
      break;
    case Endpoint::kTooLong:
      AddFinal(decoder_->TakeClosedNBest(hypotheses_wanted()));
      break;
  }
}

void UtteranceBuilder::AddFinal(std::vector<Hypothesis> hypotheses) {
  Hypothesis hypothesis = std::move(hypotheses.front());
  hypotheses.erase(hypotheses.begin());
  StreamEvent event;
  event.kind = StreamEvent::Kind::kFinal;
  event.start = hypothesis.words.empty() ? utterance_start_ : hypothesis.words.front().start;
  // A word left open belongs to the next utterance.
  event.end = decoder_->first_word_start();
  event.hypothesis = std::move(hypothesis);
  event.alternatives = std::move(hypotheses);
  utterance_start_ = event.end;
  // A word left open has not been told of in its new utterance.
  changes_told_ = decoder_->has_words() ? -1 : decoder_->changes();
  events_.push_back(std::move(event));
  ChangeDecoder();
}

void UtteranceBuilder::AddFinalIfWords() {
  if (decoder_->has_words()) AddFinal(decoder_->TakeNBest(hypotheses_wanted()));
}

void UtteranceBuilder::Flush(uint64_t flush_id) {
  AddFinalIfWords();
  StreamEvent event;
  event.kind = StreamEvent::Kind::kFlushed;
  event.start = event.end = decoder_->time();
  event.flush_id = flush_id;
  events_.push_back(std::move(event));
}

void UtteranceBuilder::End() {
  AddFinalIfWords();
  StreamEvent event;
  event.kind = StreamEvent::Kind::kEnd;
  event.start = event.end = decoder_->time();
  events_.push_back(std::move(event));
}

std::vector<StreamEvent> UtteranceBuilder::TakeEvents() {
  std::vector<StreamEvent> events = std::move(events_);
  events_.clear();
  if (interim_results_ && decoder_->changes() != changes_told_ && decoder_->has_words()) {
    StreamEvent event;
    event.hypothesis = decoder_->Current();
    event.start = decoder_->first_word_start();
    event.end = decoder_->time();
    changes_told_ = decoder_->changes();
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace rill
