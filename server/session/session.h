// One client's stream in the server, whatever RPC carries it: audio in from the client's side,
// steps by a model thread, results out to a SessionSink. Made by Open, shared by the RPC, the model
// thread's batches and the executor; the recognition stream and its slot go when the last of them
// lets go of the session, and nowhere else.
//
//   open -- Finish, Close, Move, bad input --> finishing -- the last event is out --> closed
//     \----------------------------------------- \---------- Abort -------------------/
//
// Finish (half-close), Close (idle, drain, too long: final results, then the status) and Abort
// (cancelled, broken) are the only ways to an end, and all of them end in CloseNow, once.
//
// Thread rule: every method is for any thread. Push, Flush and Finish are the client's and come one
// after the other. Locks: input_mutex_ (the stream's front half) before mutex_ (everything else)
// before whatever the sink and the model thread lock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/batch_member.h"
#include "server/engine/engine.h"
#include "server/executor.h"
#include "server/security/state_seal.h"
#include "server/security/stream_quota.h"
#include "server/session/checkpoint.h"
#include "server/session/session_registry.h"
#include "server/session/session_sink.h"
#include "server/session/stream_stats.h"

namespace rill::server {

// What a session needs of the server; all of it outlives the session.
struct SessionHost {
  Engine* engine;
  SessionRegistry* registry;
  Executor* executor;
  const StateSeal* seal;
};

struct SessionOptions {
  StreamOptions stream;
  int64_t max_audio_ms = 0;  // 0: no limit
  int mel_bins = 80;         // floats a feature frame
  bool log_transcripts = false;
  int64_t checkpoint_ms = 0;  // of audio recognised between two checkpoints; 0: none
  std::string resume;         // a Checkpoint's state to go on from; empty: a new stream
  StreamIdentity identity;
};

class Session : public BatchMember, public std::enable_shared_from_this<Session> {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // Unavailable: draining. ResourceExhausted: full. InvalidArgument: the options. For a stream that
  // goes on also StateSeal::Open's and RecognitionWorker::ResumeStream's errors. `sink` is called
  // until Detach. `lease` may be null.
  static absl::StatusOr<std::shared_ptr<Session>> Open(
      const SessionHost& host, SessionOptions options, SessionSink* sink,
      std::unique_ptr<StreamQuota::Lease> lease = nullptr);
  ~Session() override;

  // After Open, as soon as the sink may be called: the model does nothing for the session before.
  void Start();

  // Audio bytes, or features if the options say so. Taken at once or, if much waits for the model
  // already, bit by bit; the sink's OnInputTaken says when, and the next call must wait for it. If
  // `last`, Finish follows by itself instead.
  void Push(std::string bytes, bool last = false);
  // The same, and then Flush: one OnInputTaken for both.
  void PushAndFlush(std::string bytes, uint64_t flush_id);
  // OnInputTaken follows as well.
  void Flush(uint64_t flush_id);
  // For the audio to come, and for words that are not final. A phrase at fault ends the session.
  // OnInputTaken follows as well.
  void SetHotWords(const std::vector<HotWord>& hot_words);
  // The client's side is over.
  void Finish();

  // Final results of what came so far, then `status`. Input at fault ends a session so, too.
  void Close(const absl::Status& status);
  // If checkpoints were asked for: a last one as soon as can be, which says so, and then `status`.
  void Move(const absl::Status& status);
  // No more results; `status` at once.
  void Abort(const absl::Status& status);

  // A response has reached the client (or its flow-control window); `resume`: the sink wants events
  // again.
  void OnWritten(bool resume);

  // Closes the session if nothing came, went or was recognised since `timeout` ago, and it is not
  // the model that the client waits for. Returns when to ask again.
  TimePoint CloseIfIdle(TimePoint now, Duration timeout);

  // The sink goes away: no call to it is running or will come.
  void Detach();

  const SessionOptions& options() const { return options_; }
  int64_t processed_ms() const { return processed_ms_.load(std::memory_order_relaxed); }

  // BatchMember, for the model thread.
  RecognitionStream* stream() override { return engine_stream_->stream.get(); }
  bool AfterStep(TimePoint began) override;
  void FailStep(const absl::Status& status) override { Abort(status); }

 private:
  enum class Phase { kOpen, kFinishing, kClosed };

  Session(const SessionHost& host, SessionOptions options, EngineStream stream, SessionSink* sink,
          std::unique_ptr<StreamQuota::Lease> lease);

  void Take(std::string bytes, bool last, std::optional<uint64_t> flush_id);
  // Does something to the stream between two messages of audio, and goes on with the input.
  template <typename Change>
  void BetweenInputs(const Change& change);
  void Feed();                 // gives pending input to the stream; asks for more unless it is full
  absl::Status AcceptSlice();  // input_mutex_ held
  bool PauseIfFull();
  // Model thread. Nothing if it is not due, or cannot be had now.
  std::optional<Checkpoint> TakeCheckpoint();
  bool OverLimit() const;
  void NotifyReady();
  void CloseNow(const absl::Status& status);
  int64_t ProcessedMs() const;
  SessionProgress Progress();
  bool StepFollows() const;  // mutex_ held
  void LogTranscripts(const std::vector<StreamEvent>& events) const;
  void Touch();

  const SessionHost host_;
  const SessionOptions options_;
  const uint64_t key_;
  std::unique_ptr<StreamQuota::Lease> lease_;  // both until the destructor
  std::optional<EngineStream> engine_stream_;
  ModelThread::MemberId member_ = 0;  // set once, in Open

  std::mutex input_mutex_;
  std::string pending_;                    // guarded by input_mutex_
  size_t pending_begin_ = 0;               // guarded by input_mutex_
  bool pending_last_ = false;              // guarded by input_mutex_
  std::optional<uint64_t> pending_flush_;  // guarded by input_mutex_
  bool pending_open_ = false;              // guarded by input_mutex_: it is not in requests_taken_
  int64_t requests_taken_ = 0;             // guarded by input_mutex_

  std::mutex mutex_;
  SessionSink* sink_;           // guarded by mutex_; null after Detach
  Phase phase_ = Phase::kOpen;  // guarded by mutex_
  absl::Status final_status_;   // guarded by mutex_
  bool started_ = false;        // guarded by mutex_
  bool input_paused_ = false;   // guarded by mutex_: Feed waits for the model
  bool output_paused_ = false;  // guarded by mutex_: the model waits for the client
  bool step_wanted_ = false;    // guarded by mutex_: a step has been asked for and is not over
  StreamStats stats_;           // guarded by mutex_

  std::atomic<bool> moving_{false};
  int64_t next_checkpoint_ms_ = 0;  // model thread
  std::atomic<int64_t> processed_ms_{0};
  std::atomic<TimePoint::rep> last_activity_;
};

}  // namespace rill::server
