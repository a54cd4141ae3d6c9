#include "tests/server/fake_recognizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {
namespace {

constexpr int kFrameBytes = 320;  // 10 ms
constexpr int kWordsPerUtterance = 4;

class FakeStream : public RecognitionStream {
 public:
  FakeStream(std::shared_ptr<FakeControl> control, std::atomic<int>* slots_in_use,
             const StreamOptions& options)
      : control_(std::move(control)), slots_in_use_(slots_in_use), options_(options) {
    ++control_->live_streams;
    ++control_->opened;
  }

  ~FakeStream() override {
    EXPECT_FALSE(stepping_) << "destroyed during a step";
    EXPECT_FALSE(feeding_) << "destroyed while it is fed";
    --control_->live_streams;
    --*slots_in_use_;
  }

  absl::Status AcceptAudio(absl::Span<const uint8_t> bytes) override {
    if (!bytes.empty() && bytes[0] == kFakeBadByte) {
      error_ = absl::InvalidArgumentError("audio: not audio");
    }
    return Accept(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  absl::Status AcceptFeatures(absl::Span<const float> frames) override {
    EXPECT_EQ(frames.size() % 80, 0u);
    return Accept(reinterpret_cast<const char*>(frames.data()), frames.size() * sizeof(float));
  }

  absl::Status SetHotWords(absl::Span<const HotWord> hot_words) override {
    const Feeding feeding(this);
    return error_;
  }

  absl::Status Flush(uint64_t flush_id) override {
    const Feeding feeding(this);
    std::lock_guard lock(mutex_);
    marks_.push_back({queue_.size(), StreamEvent::Kind::kFlushed, flush_id});
    return error_;
  }

  absl::Status Finish() override {
    const Feeding feeding(this);
    std::lock_guard lock(mutex_);
    marks_.push_back({queue_.size(), StreamEvent::Kind::kEnd, 0});
    return error_;
  }

  int queued_frames() const override {
    std::lock_guard lock(mutex_);
    return static_cast<int>(queue_.size()) / kFrameBytes;
  }
  bool full() const override { return queued_frames() >= options_.max_queued_frames; }
  bool ready() const override {
    std::lock_guard lock(mutex_);
    return Ready();
  }
  int64_t samples_received() const override {
    std::lock_guard lock(mutex_);
    return received_bytes_ / 2;
  }

  std::vector<StreamEvent> TakeEvents() override { return std::exchange(events_, {}); }

  absl::StatusOr<std::string> Save() const override {
    EXPECT_FALSE(stepping_) << "saved during a step";
    EXPECT_FALSE(feeding_) << "saved while it is fed";
    EXPECT_TRUE(events_.empty()) << "saved before its events were taken";
    std::this_thread::sleep_for(std::chrono::microseconds(control_->save_microseconds.load()));
    std::lock_guard lock(mutex_);
    if (!error_.ok()) return error_;
    StateWriter writer;
    writer.WriteString(std::string(queue_.begin(), queue_.end()));
    writer.Write<uint64_t>(marks_.size());
    for (const Mark& mark : marks_) {
      writer.Write<uint64_t>(mark.after_bytes);
      writer.Write(mark.flush_id);
    }
    writer.Write(received_bytes_);
    writer.Write(consumed_);
    writer.Write(utterance_start_);
    writer.Write<uint64_t>(words_.size());
    for (const Word& word : words_) {
      writer.WriteString(word.text);
      writer.Write(word.start);
      writer.Write(word.end);
    }
    return writer.Take();
  }

  absl::Status Load(absl::string_view state) {
    StateReader reader(state);
    const std::string queue = reader.ReadString(1 << 20, "queue");
    queue_.assign(queue.begin(), queue.end());
    marks_.resize(reader.ReadCount(1000, "marks"));
    for (Mark& mark : marks_) {
      mark.after_bytes = reader.ReadCount(queue.size(), "mark");
      mark.kind = StreamEvent::Kind::kFlushed;
      mark.flush_id = reader.Read<uint64_t>();
    }
    received_bytes_ = reader.ReadTime();
    consumed_ = reader.ReadTime();
    utterance_start_ = reader.ReadTime();
    words_.resize(reader.ReadCount(1000, "words"));
    for (Word& word : words_) {
      word.text = reader.ReadString(1000, "word");
      word.start = reader.ReadTime();
      word.end = reader.ReadTime();
      word.confidence = 0.5f;
    }
    reader.RequireEnd();
    return reader.status();
  }

  void Step(int max_chunks) {
    EXPECT_FALSE(stepping_.exchange(true)) << "stepped by two threads";
    std::lock_guard lock(mutex_);
    for (int i = 0; i < max_chunks && Ready(); ++i) StepOnce();
    stepping_ = false;
  }

 private:
  struct Mark {
    size_t after_bytes;  // of the queue
    StreamEvent::Kind kind;
    uint64_t flush_id;
  };

  // The front half is one thread's at a time.
  struct Feeding {
    explicit Feeding(FakeStream* stream) : stream(stream) {
      EXPECT_FALSE(stream->feeding_.exchange(true)) << "fed by two threads";
    }
    ~Feeding() { stream->feeding_ = false; }
    FakeStream* stream;
  };

  absl::Status Accept(const char* bytes, size_t size) {
    const Feeding feeding(this);
    std::lock_guard lock(mutex_);
    if (!error_.ok()) return error_;
    queue_.insert(queue_.end(), bytes, bytes + size);
    received_bytes_ += static_cast<int64_t>(size);
    return absl::OkStatus();
  }

  size_t chunk_bytes() const { return size_t{4} * options_.chunk_frames * kFrameBytes; }

  bool Ready() const { return !ended_ && (!marks_.empty() || queue_.size() >= chunk_bytes()); }

  void StepOnce() {
    size_t take = std::min(chunk_bytes(), queue_.size());
    if (!marks_.empty()) take = std::min(take, marks_.front().after_bytes);
    Consume(take);
    while (!marks_.empty() && marks_.front().after_bytes == 0) {
      if (!words_.empty()) Final();
      if (ended_) return;
      Emit(marks_.front().kind, marks_.front().flush_id);
      if (marks_.front().kind == StreamEvent::Kind::kEnd) ended_ = true;
      marks_.pop_front();
    }
  }

  void Consume(size_t bytes) {
    if (bytes == 0) return;
    ++control_->chunks;
    const auto end = queue_.begin() + static_cast<long>(bytes);
    const bool silent = std::all_of(queue_.begin(), end, [](char byte) { return byte == 0; });
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < bytes; ++i) hash = (hash ^ static_cast<uint8_t>(queue_[i])) * 16777619u;
    queue_.erase(queue_.begin(), end);
    for (Mark& mark : marks_) mark.after_bytes -= bytes;
    const int64_t start = consumed_;
    consumed_ += static_cast<int64_t>(bytes) / 2;
    if (silent) {
      if (!words_.empty()) Final();
      return;
    }
    words_.push_back({absl::StrCat("w", hash, std::string(control_->word_padding, 'x')), start,
                      consumed_, 0.5f});
    if (words_.size() == 1) EmitSpeech(StreamEvent::Kind::kSpeechStart, start);
    if (words_.size() == kWordsPerUtterance && options_.endpoint.enabled) {
      Final();
    } else if (options_.interim_results) {
      Emit(StreamEvent::Kind::kInterim, 0);
    }
  }

  void Final() {
    EmitSpeech(StreamEvent::Kind::kSpeechEnd, words_.back().end);
    Emit(StreamEvent::Kind::kFinal, 0);
    words_.clear();
    utterance_start_ = consumed_;
    if (options_.single_utterance) {
      Emit(StreamEvent::Kind::kEnd, 0);
      marks_.clear();
      ended_ = true;
    }
  }

  void EmitSpeech(StreamEvent::Kind kind, int64_t time) {
    if (!options_.speech_events) return;
    StreamEvent event;
    event.kind = kind;
    event.start = event.end = time;
    events_.push_back(std::move(event));
  }

  void Emit(StreamEvent::Kind kind, uint64_t flush_id) {
    StreamEvent event;
    event.kind = kind;
    event.flush_id = flush_id;
    event.start = utterance_start_;
    event.end = consumed_;
    if (kind == StreamEvent::Kind::kInterim || kind == StreamEvent::Kind::kFinal) {
      event.hypothesis.words = words_;
      event.hypothesis.confidence = 0.5f;
      for (const Word& word : words_) {
        if (!event.hypothesis.text.empty()) event.hypothesis.text += " ";
        event.hypothesis.text += word.text;
      }
    }
    events_.push_back(std::move(event));
  }

  const std::shared_ptr<FakeControl> control_;
  std::atomic<int>* const slots_in_use_;
  const StreamOptions options_;
  std::atomic<bool> stepping_{false};
  std::atomic<bool> feeding_{false};
  mutable std::mutex mutex_;
  absl::Status error_;
  std::deque<char> queue_;
  std::deque<Mark> marks_;
  int64_t received_bytes_ = 0;
  // The model thread's.
  int64_t consumed_ = 0;
  int64_t utterance_start_ = 0;
  bool ended_ = false;
  std::vector<Word> words_;
  std::vector<StreamEvent> events_;
};

class FakeWorker : public RecognitionWorker {
 public:
  FakeWorker(std::shared_ptr<FakeControl> control, int slots)
      : control_(std::move(control)), slots_(slots) {}
  ~FakeWorker() override { EXPECT_EQ(in_use_, 0) << "streams outlive their worker"; }

  absl::StatusOr<std::unique_ptr<RecognitionStream>> OpenStream(
      const StreamOptions& options) override {
    if (in_use_.fetch_add(1) >= slots_) {
      --in_use_;
      return absl::ResourceExhaustedError("no slot");
    }
    return std::make_unique<FakeStream>(control_, &in_use_, options);
  }

  absl::StatusOr<std::unique_ptr<RecognitionStream>> ResumeStream(
      const StreamOptions& options, absl::string_view state) override {
    auto stream = OpenStream(options);
    if (!stream.ok()) return stream.status();
    const absl::Status status = static_cast<FakeStream&>(**stream).Load(state);
    if (!status.ok()) return status;
    return stream;
  }

  absl::Status Step(absl::Span<RecognitionStream* const> streams, int max_chunks) override {
    control_->PassGate();
    ++control_->steps;
    if (control_->broken) return absl::InternalError("the device has failed");
    const int batch = static_cast<int>(streams.size());
    if (batch > control_->largest_batch) control_->largest_batch = batch;
    for (RecognitionStream* stream : streams) static_cast<FakeStream*>(stream)->Step(max_chunks);
    return absl::OkStatus();
  }

  int slots() const override { return slots_; }
  int slots_in_use() const override { return in_use_; }

 private:
  const std::shared_ptr<FakeControl> control_;
  const int slots_;
  std::atomic<int> in_use_{0};
};

}  // namespace

void FakeControl::CloseGate() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

void FakeControl::OpenGate() {
  std::lock_guard lock(mutex_);
  closed_ = false;
  opened_gate_.notify_all();
}

void FakeControl::PassGate() {
  std::unique_lock lock(mutex_);
  opened_gate_.wait(lock, [this] { return !closed_; });
}

const ModelFile& FakeRecognizer::model() const {
  ADD_FAILURE() << "the fake has no model file";
  std::abort();
}

absl::StatusOr<std::unique_ptr<RecognitionWorker>> FakeRecognizer::NewWorker(int slots) const {
  return std::make_unique<FakeWorker>(control_, slots);
}

}  // namespace rill
