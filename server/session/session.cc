#include "server/session/session.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/log.h"

namespace rill::server {
namespace {

using Clock = std::chrono::steady_clock;

// Input is given to the stream in slices, so that a small compressed message cannot become
// gigabytes of audio before the queue's limit is looked at.
constexpr size_t kSliceBytes = 4096;
// Larger messages are decoded by the executor: a gRPC reaction must be short.
constexpr size_t kMaxInlineBytes = 32768;

std::atomic<uint64_t> next_key{1};

}  // namespace

absl::StatusOr<std::shared_ptr<Session>> Session::Open(const SessionHost& host,
                                                       SessionOptions options, SessionSink* sink,
                                                       std::unique_ptr<StreamQuota::Lease> lease) {
  if (absl::Status status = host.registry->Accepting(); !status.ok()) return status;
  auto ticket = host.engine->Admit();
  if (!ticket.ok()) return ticket.status();
  absl::string_view state;
  if (!options.resume.empty()) {
    auto opened = host.seal->Open(options.resume);
    if (!opened.ok()) return opened.status();
    state = *opened;
  }
  auto stream = host.engine->Open(*std::move(ticket), options.stream, state);
  if (!stream.ok()) return stream.status();
  if (!state.empty()) ++host.engine->metrics().resumed;
  options.resume = std::string();
  std::shared_ptr<Session> session(
      new Session(host, std::move(options), *std::move(stream), sink, std::move(lease)));
  session->member_ = session->engine_stream_->thread->Add(session);
  if (absl::Status status = host.registry->Add(session->key_, session); !status.ok()) {
    session->engine_stream_->thread->Remove(session->member_);
    return status;
  }
  return session;
}

void Session::Start() {
  {
    std::lock_guard lock(mutex_);
    started_ = true;
  }
  NotifyReady();
}

Session::Session(const SessionHost& host, SessionOptions options, EngineStream stream,
                 SessionSink* sink, std::unique_ptr<StreamQuota::Lease> lease)
    : host_(host),
      options_(std::move(options)),
      key_(next_key++),
      lease_(std::move(lease)),
      engine_stream_(std::move(stream)),
      sink_(sink),
      stats_(Clock::now(), options_.stream.chunk_frames * kFrameMs, &host.engine->metrics()) {
  processed_ms_ = ProcessedMs();  // what went before is no work of this server
  next_checkpoint_ms_ = processed_ms_ + options_.checkpoint_ms;
  Touch();
}

Session::~Session() {
  // Whoever sees the registry empty may count on the slot: it is free before the session is gone.
  engine_stream_.reset();
  lease_.reset();
  host_.registry->Remove(key_);
}

void Session::Touch() {
  last_activity_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
}

void Session::Push(std::string bytes, bool last) { Take(std::move(bytes), last, std::nullopt); }

void Session::PushAndFlush(std::string bytes, uint64_t flush_id) {
  Take(std::move(bytes), /*last=*/false, flush_id);
}

void Session::Take(std::string bytes, bool last, std::optional<uint64_t> flush_id) {
  Touch();
  const bool small = bytes.size() <= kMaxInlineBytes;
  {
    std::lock_guard input(input_mutex_);
    pending_ = std::move(bytes);
    pending_begin_ = 0;
    pending_last_ = last;
    pending_flush_ = flush_id;
    pending_open_ = true;
  }
  if (small) {
    Feed();
  } else {
    host_.executor->Post([self = shared_from_this()] { self->Feed(); });
  }
}

void Session::Feed() {
  absl::Status error;
  bool finish = false;
  {
    std::lock_guard input(input_mutex_);
    while (error.ok() && pending_begin_ < pending_.size()) {
      {
        std::lock_guard lock(mutex_);
        if (phase_ != Phase::kOpen || moving_) return;
      }
      if (PauseIfFull()) break;
      error = AcceptSlice();
      if (error.ok()) NotifyReady();
      if (error.ok() && OverLimit()) break;
    }
    if (error.ok() && !OverLimit()) {
      // Paused: the model thread posts Feed again.
      if (pending_begin_ < pending_.size()) return;
      pending_ = std::string();
      pending_begin_ = 0;
      if (pending_open_) ++requests_taken_;
      pending_open_ = false;
      if (const auto flush_id = std::exchange(pending_flush_, std::nullopt)) {
        error = stream()->Flush(*flush_id);
        if (error.ok()) NotifyReady();
      }
      finish = pending_last_;
      if (error.ok() && !finish) {
        if (PauseIfFull()) return;
        std::lock_guard lock(mutex_);
        if (phase_ == Phase::kOpen && sink_) {
          sink_->OnInputTaken({stream()->samples_received() / 16, processed_ms(), StepFollows()});
        }
      }
    }
  }
  if (!error.ok()) {
    Close(error);
  } else if (OverLimit()) {
    Close(
        absl::OutOfRangeError(absl::StrCat("audio: longer than the ", options_.max_audio_ms / 1000,
                                           " s that this server takes in one stream")));
  } else if (finish) {
    Finish();
  }
}

absl::Status Session::AcceptSlice() {
  Touch();
  const char* begin = pending_.data() + pending_begin_;
  const size_t left = pending_.size() - pending_begin_;
  if (options_.stream.input == StreamOptions::Input::kAudio) {
    const size_t size = std::min(left, kSliceBytes);
    pending_begin_ += size;
    return stream()->AcceptAudio({reinterpret_cast<const uint8_t*>(begin), size});
  }
  const size_t frame_bytes = sizeof(float) * options_.mel_bins;
  if (left % frame_bytes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("features.data: ", pending_.size(), " bytes are not whole frames of ",
                     options_.mel_bins, " floats (", frame_bytes, " bytes)"));
  }
  const size_t size = std::min(left, std::max<size_t>(kSliceBytes / frame_bytes, 1) * frame_bytes);
  std::vector<float> frames(size / sizeof(float));
  std::memcpy(frames.data(), begin, size);
  pending_begin_ += size;
  return stream()->AcceptFeatures(frames);
}

bool Session::PauseIfFull() {
  std::lock_guard lock(mutex_);
  input_paused_ = stream()->full();
  return input_paused_;
}

bool Session::OverLimit() const {
  if (options_.max_audio_ms == 0) return false;
  return engine_stream_->stream->samples_received() > options_.max_audio_ms * 16;
}

template <typename Change>
void Session::BetweenInputs(const Change& change) {
  Touch();
  absl::Status status;
  {
    std::lock_guard input(input_mutex_);
    {
      std::lock_guard lock(mutex_);
      if (phase_ != Phase::kOpen) return;
    }
    status = change(*stream());
    ++requests_taken_;
  }
  if (status.ok()) {
    NotifyReady();
    Feed();
  } else {
    Close(status);
  }
}

void Session::Flush(uint64_t flush_id) {
  BetweenInputs([&](RecognitionStream& stream) { return stream.Flush(flush_id); });
}

void Session::SetHotWords(const std::vector<HotWord>& hot_words) {
  BetweenInputs([&](RecognitionStream& stream) { return stream.SetHotWords(hot_words); });
}

void Session::Finish() {
  Touch();
  Close(absl::OkStatus());
}

void Session::Close(const absl::Status& status) {
  {
    std::lock_guard lock(mutex_);
    if (phase_ != Phase::kOpen) return;
    phase_ = Phase::kFinishing;
    final_status_ = status;
    stats_.OnFinish(Clock::now());
  }
  {
    // A Feed that runs ends after its slice.
    std::lock_guard input(input_mutex_);
    pending_ = std::string();
    pending_begin_ = 0;
    // The model may come to the end at once: it must find the status.
    std::lock_guard lock(mutex_);
    if (absl::Status finished = stream()->Finish(); status.ok()) final_status_ = finished;
  }
  NotifyReady();
}

void Session::Move(const absl::Status& status) {
  if (options_.checkpoint_ms == 0) return;
  {
    std::lock_guard lock(mutex_);
    if (phase_ != Phase::kOpen) return;
    final_status_ = status;
    moving_ = true;
    if (output_paused_ || !started_) return;  // OnWritten or Start goes on
  }
  // The model thread comes by even if there is nothing to recognise.
  engine_stream_->thread->MarkReady(member_);
}

void Session::Abort(const absl::Status& status) { CloseNow(status); }

void Session::CloseNow(const absl::Status& status) {
  LogFields line;
  {
    std::lock_guard lock(mutex_);
    if (phase_ == Phase::kClosed) return;
    phase_ = Phase::kClosed;
    const auto now = Clock::now();
    stats_.OnClosed(now, options_.identity, status);
    line =
        stats_.Fields(now, options_.identity, engine_stream_->stream->samples_received(), status);
    if (sink_) sink_->OnClosed(status);
  }
  engine_stream_->thread->Remove(member_);
  Log(LogLevel::kInfo, "stream_end", line);
}

void Session::NotifyReady() {
  {
    std::lock_guard lock(mutex_);
    if (!started_ || phase_ == Phase::kClosed || output_paused_) return;
    if (!stream()->ready() && !moving_) return;
    step_wanted_ = true;
    stats_.OnReady(Clock::now(), stream()->samples_received() / 16);
  }
  engine_stream_->thread->MarkReady(member_);
}

// The clock of a stream counts samples; what waits for the model is counted in 10 ms frames.
int64_t Session::ProcessedMs() const {
  const RecognitionStream& stream = *engine_stream_->stream;
  return stream.samples_received() / 16 - int64_t{10} * stream.queued_frames();
}

SessionProgress Session::Progress() {
  SessionProgress progress;
  progress.received_ms = stream()->samples_received() / 16;
  progress.processed_ms = std::max(processed_ms(), ProcessedMs());
  progress.step_follows = StepFollows();
  host_.engine->metrics().audio_ms.fetch_add(progress.processed_ms - processed_ms(),
                                             std::memory_order_relaxed);
  processed_ms_.store(progress.processed_ms, std::memory_order_relaxed);
  return progress;
}

bool Session::StepFollows() const { return step_wanted_ || engine_stream_->stream->ready(); }

void Session::LogTranscripts(const std::vector<StreamEvent>& events) const {
  for (const StreamEvent& event : events) {
    if (event.kind != StreamEvent::Kind::kFinal || event.hypothesis.text.empty()) continue;
    Log(LogLevel::kInfo, "transcript",
        {{"stream", options_.identity.id},
         {"start_ms", event.start / 16},
         {"end_ms", event.end / 16},
         {"text", event.hypothesis.text}});
  }
}

std::optional<Checkpoint> Session::TakeCheckpoint() {
  if (options_.checkpoint_ms == 0) return std::nullopt;
  if (!moving_ && processed_ms() < next_checkpoint_ms_) return std::nullopt;
  // Not while the client's side feeds the stream: the next step is soon enough.
  std::unique_lock input(input_mutex_, std::try_to_lock);
  if (!input.owns_lock()) return std::nullopt;
  {
    std::lock_guard lock(mutex_);
    if (phase_ != Phase::kOpen) return std::nullopt;
  }
  absl::StatusOr<std::string> state = stream()->Save();
  if (!state.ok()) return std::nullopt;
  const bool moving = moving_;
  if (moving) {
    // Unless the client has ended the stream meanwhile: then it has its last words from here.
    std::lock_guard lock(mutex_);
    if (phase_ != Phase::kOpen) return std::nullopt;
    phase_ = Phase::kFinishing;
  }
  next_checkpoint_ms_ = processed_ms() + options_.checkpoint_ms;
  Checkpoint checkpoint;
  checkpoint.state = host_.seal->Seal(*std::move(state));
  checkpoint.requests = requests_taken_;
  checkpoint.request_bytes = static_cast<int64_t>(pending_begin_);
  checkpoint.moving = moving;
  ++host_.engine->metrics().checkpoints;
  host_.engine->metrics().checkpoint_bytes += static_cast<int64_t>(checkpoint.state.size());
  return checkpoint;
}

bool Session::AfterStep(TimePoint began) {
  std::vector<StreamEvent> events = stream()->TakeEvents();
  if (options_.log_transcripts) LogTranscripts(events);
  bool ended = !events.empty() && events.back().kind == StreamEvent::Kind::kEnd;
  std::optional<Checkpoint> checkpoint;
  if (!ended) checkpoint = TakeCheckpoint();
  Touch();
  bool resume_input = false;
  bool again = false;
  absl::Status status;
  {
    std::lock_guard lock(mutex_);
    if (phase_ == Phase::kClosed) return false;
    step_wanted_ = false;
    const SessionProgress progress = Progress();
    stats_.OnStep(began, Clock::now(), progress.processed_ms, events);
    if (sink_ && !sink_->OnStep(std::move(events), progress)) output_paused_ = true;
    if (output_paused_) stats_.OnPaused();
    // A stream that ends by itself, as single_utterance has it, has not been moved.
    if (ended && phase_ == Phase::kOpen) final_status_ = absl::OkStatus();
    if (checkpoint) {
      ended |= checkpoint->moving;
      checkpoint->processed_ms = processed_ms();
      if (sink_) sink_->OnCheckpoint(*std::move(checkpoint));
    }
    status = final_status_;
    if (!ended) {
      if (input_paused_ && !stream()->full()) {
        input_paused_ = false;
        resume_input = true;
      }
      again = !output_paused_ && (stream()->ready() || (moving_ && phase_ == Phase::kOpen));
      step_wanted_ = again;
      if (again) stats_.OnReady(Clock::now(), stream()->samples_received() / 16);
    }
  }
  if (ended) CloseNow(status);
  if (resume_input) host_.executor->Post([self = shared_from_this()] { self->Feed(); });
  return again;
}

void Session::OnWritten(bool resume) {
  Touch();
  if (!resume) return;
  {
    std::lock_guard lock(mutex_);
    output_paused_ = false;
  }
  NotifyReady();
}

Session::TimePoint Session::CloseIfIdle(TimePoint now, Duration timeout) {
  const TimePoint due =
      TimePoint(Duration(last_activity_.load(std::memory_order_relaxed))) + timeout;
  if (due > now) return due;
  Touch();
  bool stuck;
  {
    std::lock_guard lock(mutex_);
    const bool models_turn = !output_paused_ && (input_paused_ || stream()->ready());
    if (phase_ != Phase::kClosed && models_turn) return now + timeout;
    stuck = phase_ != Phase::kOpen || output_paused_;
    if (stuck && sink_) sink_->OnStuck();
  }
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout).count();
  if (stuck) {
    Abort(absl::ResourceExhaustedError(
        absl::StrCat("responses: the client has not read any for ", seconds, " s")));
  } else {
    Close(absl::DeadlineExceededError(
        absl::StrCat("audio: none came for ", seconds, " s; the server closes idle streams")));
  }
  return now + timeout;
}

void Session::Detach() {
  std::lock_guard lock(mutex_);
  sink_ = nullptr;
}

}  // namespace rill::server
