#include "model/utterance_builder.h"

#include <utility>

namespace rill {
namespace {

constexpr int64_t kSamplesPerMs = 16;

// A word is noticed so long after its start, at most, or its first letters are not judged.
constexpr int64_t kUnnoticed = 2000 * kSamplesPerMs;

}  // namespace

UtteranceBuilder::UtteranceBuilder(const DecoderFactory& factory,
                                   std::shared_ptr<const HotWords> hot_words,
                                   const UtteranceOptions& options)
    : factory_(factory),
      hot_words_(std::move(hot_words)),
      decoder_(factory.New(hot_words_)),
      options_(options),
      spelling_(factory.NewSpelling()) {}

void UtteranceBuilder::SetHotWords(std::shared_ptr<const HotWords> hot_words) {
  next_decoder_ = nullptr;
  hot_words_ = std::move(hot_words);
  if (decoder_->SetHotWords(hot_words_)) return;
  next_decoder_ = factory_.New(hot_words_);
  ChangeDecoder();
}

void UtteranceBuilder::ChangeDecoder() {
  if (next_decoder_ == nullptr || decoder_->has_words()) return;
  next_decoder_->ContinueFrom(*decoder_);
  decoder_ = std::move(next_decoder_);
}

void UtteranceBuilder::Accept(absl::Span<const float> outputs, int64_t start, int64_t end) {
  if (ended_) return;
  const absl::Span<const float> log_probs = factory_.Part(decoder_->kind(), outputs);
  decoder_->Accept(log_probs, start, end);
  if (decoder_->kind() == DecoderOptions::Kind::kBeam) {
    spelling_.Accept(log_probs, start);
    if (!decoder_->has_words()) spelling_.Forget(end - kUnnoticed);
  }
  FindEnd();
}

void UtteranceBuilder::FindEnd() {
  UtteranceState state;
  state.has_words = decoder_->has_words();
  const int64_t begin = state.has_words ? decoder_->first_word_start() : utterance_start_;
  state.length_ms = (decoder_->time() - begin) / kSamplesPerMs;
  state.trailing_silence_ms = (decoder_->time() - decoder_->last_letter_end()) / kSamplesPerMs;
  FindSpeech(state);
  Endpoint endpoint = FindEndpoint(options_.endpoint, state);
  if (endpoint == Endpoint::kNone && state.has_words && state.length_ms >= kLongestUtteranceMs) {
    endpoint = Endpoint::kTooLong;
  }
  switch (endpoint) {
    case Endpoint::kNone:
      break;
    case Endpoint::kSilence:
      SpeechEnds();
      AddFinal(decoder_->TakeNBest(hypotheses_wanted()), /*awaited=*/!state.has_words);
      break;
    case Endpoint::kTooLong:
      AddFinal(decoder_->TakeClosedNBest(hypotheses_wanted()), /*awaited=*/false);
      break;
  }
}

void UtteranceBuilder::FindSpeech(const UtteranceState& state) {
  if (!in_speech_ && SpeechHasBegun(state)) SpeechBegins();
  if (in_speech_ && SpeechHasFaded(options_.endpoint, state)) SpeechEnds();
}

void UtteranceBuilder::SpeechBegins() {
  in_speech_ = true;
  if (options_.speech_events) {
    AddMark(StreamEvent::Kind::kSpeechStart, decoder_->first_word_start());
  }
}

// Words that were over before it was certain that somebody spoke have both at once.
void UtteranceBuilder::SpeechEnds() {
  if (!in_speech_ && decoder_->has_words()) SpeechBegins();
  if (!in_speech_) return;
  in_speech_ = false;
  if (options_.speech_events) {
    AddMark(StreamEvent::Kind::kSpeechEnd, decoder_->last_letter_end());
  }
}

void UtteranceBuilder::AddMark(StreamEvent::Kind kind, int64_t time, uint64_t flush_id) {
  StreamEvent event;
  event.kind = kind;
  event.start = event.end = time;
  event.flush_id = flush_id;
  events_.push_back(std::move(event));
}

void UtteranceBuilder::AddFinal(std::vector<Hypothesis> hypotheses, bool awaited) {
  const DecoderOptions::Kind kind = decoder_->kind();
  // A word left open belongs to the next utterance.
  const int64_t end = decoder_->first_word_start();
  for (Hypothesis& hypothesis : hypotheses) {
    if (kind == DecoderOptions::Kind::kBeam) spelling_.Judge(end, &hypothesis);
    factory_.SetConfidence(kind, &hypothesis);
  }
  Hypothesis hypothesis = std::move(hypotheses.front());
  hypotheses.erase(hypotheses.begin());
  if (factory_.IsNoise(kind, hypothesis)) {
    hypothesis = {};
    hypotheses.clear();
  }
  const bool answers = awaited || !hypothesis.words.empty();
  StreamEvent event;
  event.kind = StreamEvent::Kind::kFinal;
  event.start = hypothesis.words.empty() ? utterance_start_ : hypothesis.words.front().start;
  event.end = end;
  event.hypothesis = std::move(hypothesis);
  event.alternatives = std::move(hypotheses);
  utterance_start_ = end;
  spelling_.Forget(end);
  // A word left open has not been told of in its new utterance.
  changes_told_ = decoder_->has_words() ? -1 : decoder_->changes();
  events_.push_back(std::move(event));
  if (options_.single_utterance && answers) {
    ended_ = true;
    AddMark(StreamEvent::Kind::kEnd, decoder_->time());
  }
  ChangeDecoder();
}

void UtteranceBuilder::AddFinalIfWords() {
  SpeechEnds();
  if (decoder_->has_words()) AddFinal(decoder_->TakeNBest(hypotheses_wanted()), /*awaited=*/true);
}

void UtteranceBuilder::Flush(uint64_t flush_id) {
  if (ended_) return;
  AddFinalIfWords();
  if (!ended_) AddMark(StreamEvent::Kind::kFlushed, decoder_->time(), flush_id);
}

void UtteranceBuilder::End() {
  if (ended_) return;
  AddFinalIfWords();
  if (ended_) return;
  ended_ = true;
  AddMark(StreamEvent::Kind::kEnd, decoder_->time());
}

// A decoder that waits is a new one, and the one it waits for, a greedy one, has no hot words.
void UtteranceBuilder::Save(StateWriter& writer) const {
  rill::Save(hot_words_.get(), writer);
  writer.Write(decoder_->kind() == DecoderOptions::Kind::kBeam);
  writer.Write(next_decoder_ != nullptr);
  decoder_->Save(writer);
  spelling_.Save(writer);
  writer.Write(utterance_start_);
  writer.Write(changes_told_);
  writer.Write(in_speech_);
  writer.Write(ended_);
}

void UtteranceBuilder::Load(StateReader& reader) {
  hot_words_ = factory_.LoadHotWords(reader);
  const bool beam = reader.ReadBool();
  const bool next = reader.ReadBool();
  decoder_ = factory_.New(next ? nullptr : hot_words_, beam);
  const bool is_beam = decoder_->kind() == DecoderOptions::Kind::kBeam;
  reader.Require(is_beam == beam && !(beam && next), "kind of decoder");
  next_decoder_ = next ? factory_.New(hot_words_) : nullptr;
  decoder_->Load(reader);
  spelling_.Load(reader);
  utterance_start_ = reader.ReadTime();
  changes_told_ = reader.Read<int64_t>();
  in_speech_ = reader.ReadBool();
  ended_ = reader.ReadBool();
}

std::vector<StreamEvent> UtteranceBuilder::TakeEvents() {
  std::vector<StreamEvent> events = std::move(events_);
  events_.clear();
  // Without words, too: those told before are taken back.
  if (options_.interim_results && !ended_ && decoder_->changes() != changes_told_) {
    StreamEvent event;
    event.hypothesis = decoder_->Current();
    event.start = decoder_->first_word_start();
    event.end = decoder_->time();
    factory_.SetStability(decoder_->kind(), event.end, &event.hypothesis);
    changes_told_ = decoder_->changes();
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace rill
