// The transport-neutral core: audio in, text out, for many streams. Three classes:
//
//   Recognizer         a loaded model. Immutable; any thread; outlives the others.
//   RecognitionWorker  one device's or core's share: a state arena and working memory. Step() is
//   for one
//                      thread at a time (the worker's model thread); OpenStream() is for any
//                      thread.
//   RecognitionStream  one client. Its front half (AcceptAudio ... Finish) belongs to the client's
//                      thread; its back half is driven by RecognitionWorker::Step. They meet in a
//                      bounded queue.
//
// The words of a stream do not depend on how its audio is cut, on the other streams of a step, or
// on how many chunks a step takes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/audio/audio_format.h"
#include "model/decoder/decoder_options.h"
#include "model/decoder/endpointer.h"
#include "model/decoder/hypothesis.h"
#include "model/encoder/device.h"
#include "model/encoder/encoder_backend.h"
#include "model/file/model_file.h"
#include "model/language_model/language_model.h"

namespace rill {

inline constexpr int kChunkFrames[] = {1, 2, 4, 8, 16};  // 40 to 640 ms of look-ahead
// A queue longer than this (20 minutes; 38 MB at 80 bins) is an error of the stream: AcceptAudio
// never refuses for fullness, so that this and not full() bounds the memory that one message can
// ask for.
inline constexpr int kMaxBacklogFrames = 120000;
// Waiting frames that a saved state holds at most: 60 s, 1.9 MB.
inline constexpr int kMaxSavedFrames = 6000;

struct StreamOptions {
  enum class Input { kAudio, kFeatures };
  Input input = Input::kAudio;
  AudioFormat audio;     // for kAudio
  int chunk_frames = 8;  // one of kChunkFrames
  bool interim_results = true;
  bool speech_events = false;  // kSpeechStart and kSpeechEnd
  // The first final ends the stream, and what follows is not recognised: one with words, or that
  // silence_without_words_ms or a flush gave. A cough that was taken for words ends nothing.
  bool single_utterance = false;
  EndpointRules endpoint;
  DecoderOptions decoder;
  int max_queued_frames = 6000;  // 10 ms feature frames waiting for the model: 60 s

  absl::Status Validate() const;  // names the field at fault
};

// What comes out of a stream, in order.
struct StreamEvent {
  enum class Kind {
    kInterim,  // the current utterance so far; may change
    kFinal,    // an utterance; never changes
    kFlushed,  // everything before Flush(flush_id) is out
    kEnd,      // the last event: the audio is finished and everything is out
    // Somebody speaks, and has paused, each once and in turns; an end comes before its final. An
    // utterance that is cut because it is too long is no end of speech.
    kSpeechStart,
    kSpeechEnd,
  };
  Kind kind = Kind::kInterim;
  Hypothesis hypothesis;  // for kInterim and kFinal
  // For kFinal: other texts, the better ones first, at most decoder.alternatives. Texts are
  // distinct.
  std::vector<Hypothesis> alternatives;
  // Samples at 16 kHz since the stream began: the utterance's first (its first word's, if it has
  // words), and the first one after what this event covers. For kSpeechStart and kSpeechEnd both
  // are the moment: where the first word begins, the last letter ends.
  int64_t start = 0;
  int64_t end = 0;
  uint64_t flush_id = 0;  // for kFlushed
};

class RecognitionStream {
 public:
  virtual ~RecognitionStream() = default;  // gives the slot back; not while a Step has it

  // Client's thread, all five. InvalidArgument: the audio is at fault; the stream accepts nothing
  // more, and every later call gives the same error. FailedPrecondition: after Finish.
  virtual absl::Status AcceptAudio(absl::Span<const uint8_t> bytes) = 0;
  // [n, mel_bins] log-mel frames as LogMel makes them; InvalidArgument if one is not finite.
  virtual absl::Status AcceptFeatures(absl::Span<const float> frames) = 0;
  // In place of the hot words so far, for the audio to come and for words that are not final yet;
  // in a greedy stream that had none, from the next utterance on. InvalidArgument names the phrase
  // at fault; the stream goes on without a change.
  virtual absl::Status SetHotWords(absl::Span<const HotWord> hot_words) = 0;
  // Everything so far becomes final, without waiting for a whole chunk; the stream goes on. (Of raw
  // audio, up to 25 ms still wait for a whole window.)
  virtual absl::Status Flush(uint64_t flush_id) = 0;
  // No more input. The last word comes out, also of what came before an error. Audio of less than
  // one window, or none, has no words and is no error.
  virtual absl::Status Finish() = 0;

  // Any thread.
  virtual int queued_frames() const = 0;  // feature frames waiting
  // So much waits (frames, and hot words by their memory) that nothing should be fed before the
  // next step. Only while there is something to step: a stream that waits for audio can take it.
  virtual bool full() const = 0;
  virtual bool ready() const = 0;                // a Step would do something for this stream
  virtual int64_t samples_received() const = 0;  // 16 kHz samples

  // Model thread, after Step: takes the events so far.
  virtual std::vector<StreamEvent> TakeEvents() = 0;

  // The whole state of a live stream, for RecognitionWorker::ResumeStream on any machine. Neither
  // half may run meanwhile, and all events have been taken. Some 30 KB more than
  // state_bytes_per_stream(), and 32,000 bytes for every second of audio that waits for the model.
  // FailedPrecondition: the stream has failed or is finished. Unavailable: more than
  // kMaxSavedFrames wait for the model.
  virtual absl::StatusOr<std::string> Save() const = 0;
};

// Outlives its streams.
class RecognitionWorker {
 public:
  virtual ~RecognitionWorker() = default;

  // ResourceExhausted if every slot is taken; InvalidArgument if the options are at fault.
  virtual absl::StatusOr<std::unique_ptr<RecognitionStream>> OpenStream(
      const StreamOptions& options) = 0;

  // A stream that goes on where the one that was saved had been: the same audio from there on gives
  // the same events, bit for bit on a processor of the same kind. `options` are those the stream
  // began with; its hot words are those it had last. Beside OpenStream's errors,
  // FailedPrecondition: the state is of another model, language model or version of rill;
  // InvalidArgument: it is of a stream with other options, or damaged.
  virtual absl::StatusOr<std::unique_ptr<RecognitionStream>> ResumeStream(
      const StreamOptions& options, absl::string_view state) = 0;

  // Takes up to `max_chunks` waiting chunks of every stream given, runs the encoder over all of
  // them at once, decodes. Streams that are not ready are left alone. Streams must be of this
  // worker. Internal: the device has failed, and with it all of these streams, which may only be
  // destroyed.
  virtual absl::Status Step(absl::Span<RecognitionStream* const> streams, int max_chunks) = 0;

  virtual int slots() const = 0;
  virtual int slots_in_use() const = 0;
  virtual StateSlots state_slots() const { return {slots(), 0}; }
};

struct RecognizerOptions {
  EncoderOptions encoder;
  Device device;  // that the encoder runs on; features and decoding are the processor's
  std::string language_model;  // path of a file of `rill-lm build`, for beams; empty: none
};

class Recognizer {
 public:
  static absl::StatusOr<std::unique_ptr<Recognizer>> Load(const std::string& model_path,
                                                          const RecognizerOptions& options);
  virtual ~Recognizer() = default;

  virtual const ModelFile& model() const = 0;
  virtual const LanguageModel* language_model() const { return nullptr; }  // null: none
  virtual size_t state_bytes_per_stream() const = 0;
  virtual std::string device() const { return "cpu"; }  // that the encoder runs on, for people
  // ResourceExhausted: there is no memory for so many streams.
  virtual absl::StatusOr<std::unique_ptr<RecognitionWorker>> NewWorker(int slots) const = 0;
};

}  // namespace rill
