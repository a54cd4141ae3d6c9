#include "model/recognition_stream.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/state_options.h"

namespace rill {
namespace {

constexpr int64_t kSamplesPerFeatureFrame = 160;
// Bytes are decoded piece by piece: a few bytes of FLAC can be an hour of silence.
constexpr size_t kSliceBytes = 4096;
// Of hot words that wait for the audio they are for, before more are refused.
constexpr size_t kMaxWaitingHotWordBytes = 4 << 20;
// Working memory a stream holds on to, in floats.
constexpr size_t kKeptFloats = 16 << 10;

LogMelOptions FeatureOptions(const ModelConfig& config) {
  LogMelOptions options;
  options.sample_rate = config.sample_rate;
  options.mel_bins = config.mel_bins;
  return options;
}

void Clear(std::vector<float>& memory) {
  memory.clear();
  if (memory.capacity() > kKeptFloats) memory.shrink_to_fit();
}

}  // namespace

RecognitionStreamImpl::RecognitionStreamImpl(
    const ModelConfig& config, const StateIdentity& identity, const StreamOptions& options,
    std::unique_ptr<AudioDecoder> decoder, const DecoderFactory& factory,
    std::shared_ptr<const HotWords> hot_words, EncoderWorker* encoder, int slot)
    : config_(config),
      identity_(identity),
      options_(options),
      factory_(factory),
      encoder_(encoder),
      encoder_floats_(static_cast<size_t>(StateLayout(config).total)),
      slot_(slot),
      decoder_(std::move(decoder)),
      log_mel_(FeatureOptions(config)),
      queue_(config.mel_bins),
      utterances_(factory, std::move(hot_words),
                  {options.endpoint, options.interim_results, options.speech_events,
                   options.single_utterance}) {}

RecognitionStreamImpl::~RecognitionStreamImpl() { encoder_->Release(slot_); }

absl::Status RecognitionStreamImpl::CheckOpen() const {
  if (!error_.ok()) return error_;
  if (finished_) return absl::FailedPreconditionError("audio: the stream has been finished");
  return absl::OkStatus();
}

absl::Status RecognitionStreamImpl::AcceptSamples() {
  log_mel_.Accept(samples_, &frames_);
  queue_.Push(frames_);
  // After that: what is received and does not wait counts as recognised.
  samples_received_ += static_cast<int64_t>(samples_.size());
  Clear(samples_);
  Clear(frames_);
  if (queue_.frames() > kMaxBacklogFrames) {
    error_ = absl::InvalidArgumentError(
        absl::StrCat("audio: one message holds more than ", kMaxBacklogFrames / 6000,
                     " minutes of audio; send it in smaller pieces"));
  }
  return error_;
}

absl::Status RecognitionStreamImpl::AcceptAudio(absl::Span<const uint8_t> bytes) {
  if (absl::Status status = CheckOpen(); !status.ok()) return status;
  if (decoder_ == nullptr) {
    return error_ = absl::InvalidArgumentError("audio: this stream carries features");
  }
  has_audio_ |= !bytes.empty();
  for (size_t at = 0; at < bytes.size(); at += kSliceBytes) {
    // What came before damage is still good.
    const absl::Status decoded = decoder_->Accept(bytes.subspan(at, kSliceBytes), &samples_);
    const absl::Status taken = AcceptSamples();
    if (!decoded.ok()) return error_ = decoded;
    if (!taken.ok()) return taken;
  }
  return absl::OkStatus();
}

absl::Status RecognitionStreamImpl::AcceptFeatures(absl::Span<const float> frames) {
  if (absl::Status status = CheckOpen(); !status.ok()) return status;
  if (options_.input != StreamOptions::Input::kFeatures) {
    return error_ = absl::InvalidArgumentError("features: this stream carries audio");
  }
  if (frames.size() % config_.mel_bins != 0) {
    return error_ = absl::InvalidArgumentError(absl::StrCat("features.data: ", frames.size(),
                                                            " floats are not whole frames of ",
                                                            config_.mel_bins));
  }
  const int64_t count = static_cast<int64_t>(frames.size()) / config_.mel_bins;
  if (queue_.frames() + count > kMaxBacklogFrames) {
    return error_ = absl::InvalidArgumentError(
               "features.data: too many frames in one message; send smaller pieces");
  }
  for (const float value : frames) {
    if (!std::isfinite(value)) {
      return error_ = absl::InvalidArgumentError("features.data: has a value that is not finite");
    }
  }
  queue_.Push(frames);
  samples_received_ += count * kSamplesPerFeatureFrame;
  return absl::OkStatus();
}

absl::Status RecognitionStreamImpl::SetHotWords(absl::Span<const HotWord> hot_words) {
  if (absl::Status status = CheckOpen(); !status.ok()) return status;
  // The model takes hot words with the audio that follows them, so with hardly any they pile up.
  // Looked at first: a client that is refused costs nothing.
  if (!ready() && queue_.settled_hot_word_bytes() > kMaxWaitingHotWordBytes) {
    return absl::InvalidArgumentError(
        "hot_words: too many changes with hardly any audio between them; send more audio before "
        "the next");
  }
  auto made = factory_.MakeHotWords(hot_words);
  if (!made.ok()) return made.status();
  const size_t bytes = *made == nullptr ? 0 : (*made)->bytes();
  queue_.PushHotWords(*std::move(made), bytes);
  return absl::OkStatus();
}

absl::Status RecognitionStreamImpl::Flush(uint64_t flush_id) {
  if (absl::Status status = CheckOpen(); !status.ok()) return status;
  queue_.PushFlush(flush_id);
  return absl::OkStatus();
}

absl::Status RecognitionStreamImpl::Finish() {
  if (finished_) return CheckOpen();
  finished_ = true;
  const absl::Status status = error_.ok() ? FinishAudio() : error_;
  queue_.PushEnd();
  return status;
}

absl::Status RecognitionStreamImpl::FinishAudio() {
  // No audio at all is no broken file.
  if (decoder_ != nullptr && has_audio_) {
    error_ = decoder_->Finish(&samples_);
    if (!error_.ok()) return error_;
    return AcceptSamples();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> RecognitionStreamImpl::Save() const {
  if (absl::Status status = CheckOpen(); !status.ok()) return status;
  if (queue_.frames() > kMaxSavedFrames) {
    return absl::UnavailableError(
        absl::StrCat("state: ", queue_.frames(), " frames wait for the model; ask again later"));
  }
  StateWriter writer;
  identity_.Save(writer);
  SaveOptions(options_, writer);
  writer.Write(has_audio_);
  writer.Write(samples_received_.load());
  if (decoder_ != nullptr) decoder_->Save(writer);
  log_mel_.Save(writer);
  queue_.Save(writer);
  writer.Write(feature_frames_done_);
  utterances_.Save(writer);
  std::vector<float> encoder_state(encoder_floats_);
  if (absl::Status status = encoder_->ReadState(slot_, absl::MakeSpan(encoder_state));
      !status.ok()) {
    return status;
  }
  writer.WriteAll(absl::MakeConstSpan(encoder_state));
  return writer.Take();
}

absl::Status RecognitionStreamImpl::Load(absl::string_view state) {
  StateReader reader(state);
  if (absl::Status status = identity_.Check(reader); !status.ok()) return status;
  if (absl::Status status = CheckOptions(options_, reader); !status.ok()) return status;
  has_audio_ = reader.ReadBool();
  samples_received_ = reader.ReadTime();
  if (decoder_ != nullptr) decoder_->Load(reader);
  log_mel_.Load(reader);
  queue_.Load(factory_, kMaxSavedFrames, reader);
  feature_frames_done_ = reader.ReadTime();
  utterances_.Load(reader);
  const auto encoder_state = reader.ReadAll<float>(encoder_floats_, "encoder state");
  reader.Require(encoder_state.size() == encoder_floats_, "encoder state");
  reader.RequireEnd();
  if (!reader.ok()) return reader.status();
  return encoder_->WriteState(slot_, encoder_state);
}

int RecognitionStreamImpl::TakeFrames(int max_chunks, std::vector<float>* features) {
  taken_ = queue_.Take(chunk_feature_frames(), max_chunks, features);
  const int frames = (taken_.frames + kFeatureFramesPerFrame - 1) / kFeatureFramesPerFrame;
  for (int missing = frames * kFeatureFramesPerFrame - taken_.frames; missing > 0; --missing) {
    const size_t last = features->size() - config_.mel_bins;
    for (int m = 0; m < config_.mel_bins; ++m) features->push_back((*features)[last + m]);
  }
  return frames;
}

void RecognitionStreamImpl::TakeHotWords(int64_t feature_frame, size_t* mark) {
  for (; *mark < taken_.marks.size(); ++*mark) {
    FrameQueue::Mark& next = taken_.marks[*mark];
    if (next.kind != FrameQueue::Mark::Kind::kHotWords || next.position > feature_frame) return;
    utterances_.SetHotWords(std::move(next.hot_words));
  }
}

void RecognitionStreamImpl::AcceptLogProbs(absl::Span<const float> log_probs) {
  const auto outputs = static_cast<size_t>(config_.outputs());
  size_t mark = 0;
  for (size_t i = 0; i * outputs < log_probs.size(); ++i) {
    const int64_t first = static_cast<int64_t>(i) * kFeatureFramesPerFrame;
    const int64_t last = std::min<int64_t>(first + kFeatureFramesPerFrame, taken_.frames);
    TakeHotWords(feature_frames_done_ + first, &mark);
    utterances_.Accept(log_probs.subspan(i * outputs, outputs),
                       (feature_frames_done_ + first) * kSamplesPerFeatureFrame,
                       (feature_frames_done_ + last) * kSamplesPerFeatureFrame);
  }
  feature_frames_done_ += taken_.frames;
  for (TakeHotWords(feature_frames_done_, &mark); mark < taken_.marks.size();
       TakeHotWords(feature_frames_done_, &mark)) {
    const FrameQueue::Mark& stop = taken_.marks[mark++];
    if (stop.kind == FrameQueue::Mark::Kind::kEnd) {
      utterances_.End();
    } else {
      utterances_.Flush(stop.flush_id);
    }
  }
  taken_ = {};
}

}  // namespace rill
