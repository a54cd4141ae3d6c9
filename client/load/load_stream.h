// One live stream of a load test, as a state machine on a completion queue: audio goes out when it
// is due, arrivals are timed. Thread rule: all methods on the one thread that polls the queue.
//
// One read and one write are in flight at most. What falls due while a write is in flight goes out
// with the next one, as a microphone's buffer would.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "client/load/load_audio.h"
#include "client/load/load_report.h"
#include "rill/v1/rill.grpc.pb.h"

namespace rill::client {

// What all streams of a run share.
struct LoadPlan {
  using Time = std::chrono::steady_clock::time_point;
  const LoadAudio* audio;
  v1::StreamingConfig config;
  int64_t packet_samples;
  int64_t total_samples;          // a stream
  Time measure_from, measure_to;  // by when a response's audio was due
  double behind_ms;
};

class LoadStream {
 public:
  using Time = LoadPlan::Time;
  enum class Operation { kStart, kRead, kWrite, kWritesDone, kFinish };
  struct Tag {
    LoadStream* stream;
    Operation operation;
  };

  // Not owned: plan, report, stub, queue.
  LoadStream(int number, Time start, const LoadPlan* plan, LoadReport* report,
             v1::SpeechRecognition::Stub* stub, grpc::CompletionQueue* queue);

  Time start() const { return start_; }
  void Open();
  // The queue gave this operation back.
  void OnEvent(Operation operation, bool ok, Time now);
  // Sends what is due. Returns when the next packet is, if there is one.
  std::optional<Time> SendDue(Time now);
  void Cancel();
  // Nothing of this stream is left on the queue.
  bool done() const { return finished_ && pending_ == 0; }

 private:
  void* Begin(Operation operation);  // the tag of an operation that now goes onto the queue
  Time Due(int64_t sample) const;    // when the samples before this one have been spoken
  bool Measured(Time due) const { return due >= plan_->measure_from && due < plan_->measure_to; }
  void OnResponse(Time now);
  void OnFinished(Time now);
  void CheckBehind(double late_ms);

  const int number_;
  const Time start_;
  const LoadPlan* plan_;
  LoadReport* report_;
  v1::SpeechRecognition::Stub* stub_;
  grpc::CompletionQueue* queue_;

  Tag tags_[5];
  int pending_ = 0;
  grpc::ClientContext context_;
  std::unique_ptr<
      grpc::ClientAsyncReaderWriter<v1::StreamingRecognizeRequest, v1::StreamingRecognizeResponse>>
      call_;
  v1::StreamingRecognizeResponse response_;
  grpc::Status status_;
  bool writable_ = false;  // no write in flight, and the call is open for writing
  bool over_ = false;      // the server's side is closed
  bool finished_ = false;  // and its status is here
  int64_t sent_ = 0;       // samples
  int64_t processed_ms_ = 0;
  bool behind_ = false;
  std::optional<Time> first_text_, writes_done_;
  bool first_word_known_ = false;
};

}  // namespace rill::client
