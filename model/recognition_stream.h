// RecognitionStream as RecognitionWorker's Step drives it. Private to model/; thread rules as in
// recognizer.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "model/audio/audio_decoder.h"
#include "model/decoder/decoder_factory.h"
#include "model/encoder/encoder_backend.h"
#include "model/features/log_mel.h"
#include "model/frame_queue.h"
#include "model/recognizer.h"
#include "model/state/state_identity.h"
#include "model/utterance_builder.h"

namespace rill {

class RecognitionStreamImpl final : public RecognitionStream {
 public:
  // Takes over `slot` of `encoder`, which must outlive the stream, like `config`. `decoder`: null
  // for streams of features. `identity` names what the stream's state is for; it must outlive the
  // stream, too.
  RecognitionStreamImpl(const ModelConfig& config, const StateIdentity& identity,
                        const StreamOptions& options, std::unique_ptr<AudioDecoder> decoder,
                        const DecoderFactory& factory, std::shared_ptr<const HotWords> hot_words,
                        EncoderWorker* encoder, int slot);
  ~RecognitionStreamImpl() override;

  absl::Status AcceptAudio(absl::Span<const uint8_t> bytes) override;
  absl::Status AcceptFeatures(absl::Span<const float> frames) override;
  absl::Status SetHotWords(absl::Span<const HotWord> hot_words) override;
  absl::Status Flush(uint64_t flush_id) override;
  absl::Status Finish() override;

  int queued_frames() const override { return queue_.frames(); }
  bool full() const override { return queue_.size() >= options_.max_queued_frames && ready(); }
  bool ready() const override { return queue_.ready(chunk_feature_frames()); }
  int64_t samples_received() const override { return samples_received_; }

  std::vector<StreamEvent> TakeEvents() override { return utterances_.TakeEvents(); }

  absl::StatusOr<std::string> Save() const override;
  // Into a stream that has heard nothing. If it fails, the stream may only be destroyed.
  absl::Status Load(absl::string_view state);

  // Model thread. Appends up to max_chunks chunks of feature frames to *features, completed to
  // whole encoder frames; returns the number of encoder frames.
  int TakeFrames(int max_chunks, std::vector<float>* features);
  // Model thread. What the encoder made of the frames just taken: [frames, outputs].
  void AcceptLogProbs(absl::Span<const float> log_probs);

  int slot() const { return slot_; }
  int chunk_frames() const { return options_.chunk_frames; }

 private:
  int chunk_feature_frames() const { return options_.chunk_frames * kFeatureFramesPerFrame; }
  absl::Status CheckOpen() const;
  absl::Status FinishAudio();
  // Decoded samples to queued frames.
  absl::Status AcceptSamples();
  // The first marks of those taken, as long as they are hot words from no later than this frame.
  void TakeHotWords(int64_t feature_frame, size_t* mark);

  const ModelConfig& config_;
  const StateIdentity& identity_;
  const StreamOptions options_;
  const DecoderFactory factory_;
  EncoderWorker* const encoder_;
  const size_t encoder_floats_;  // of a state
  const int slot_;

  // Front half.
  const std::unique_ptr<AudioDecoder> decoder_;
  LogMel log_mel_;
  absl::Status error_;  // the first one is the last word
  bool finished_ = false;
  bool has_audio_ = false;
  std::vector<float> samples_, frames_;  // working memory
  std::atomic<int64_t> samples_received_ = 0;

  FrameQueue queue_;

  // Back half.
  FrameQueue::Taken taken_;
  int64_t feature_frames_done_ = 0;  // before those in taken_
  UtteranceBuilder utterances_;
};

}  // namespace rill
