// A live recognition that outlives its server: when a server drains, is killed or cannot be reached
// any more, the stream goes on at the next one, from its last checkpoint, with the audio since then
// sent again. Its results are those of an undisturbed stream, each once. The servers need the same
// model, language model and --state-key-file; with one server alone it survives lost connections.
//
//   auto stream = client.StartResumable(config);
//
// Used like StreamingSession. Thread rule: any threads write (Write ... Send), one reads (Next,
// ReadAll); it may write, too, if little is written before it is read. Cancel is for any thread.
// Destroy it when all threads are out; what is still open is then cancelled.
//
// Memory: the audio since the last checkpoint, some checkpoint_ms of it and what is on its way, and
// a state (two megabytes at most for the models shipped).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "client/call_options.h"
#include "client/request_ring.h"
#include "client/streaming_session.h"
#include "rill/v1/rill.grpc.pb.h"

namespace rill::client {

struct ResumeOptions {
  int checkpoint_ms = 5000;  // of audio between two checkpoints; 1,000 to 600,000
  // How long a stream may be without a server before it ends with the last error. A stream that
  // has never had one asks each once.
  std::chrono::milliseconds max_outage{30000};
};

class ResumableStream {
 public:
  // The servers' stubs, not owned, at least one. Errors show in the first Next.
  ResumableStream(std::vector<v1::SpeechRecognition::Stub*> servers,
                  const v1::StreamingConfig& config, const ResumeOptions& options,
                  const CallOptions& call_options);
  ~ResumableStream();
  ResumableStream(const ResumableStream&) = delete;
  ResumableStream& operator=(const ResumableStream&) = delete;

  // As StreamingSession's. Each waits while much is unsent.
  bool Write(std::string audio);
  bool WriteFeatures(std::string frames);
  bool SetHotWords(const v1::HotWords& hot_words);
  bool Flush(uint64_t id);
  bool Finish();
  bool Send(v1::StreamingRecognizeRequest request);

  // As StreamingSession's. Checkpoints are not shown, StreamStarted only once.
  bool Next(v1::StreamingRecognizeResponse* response);
  absl::Status ReadAll(
      const std::function<void(const v1::StreamingRecognizeResponse&)>& on_response);
  const absl::Status& status() const { return status_; }

  // How often it has gone on in another call. Reading thread.
  int resumed() const { return resumed_; }

  void Cancel();

 private:
  using Clock = std::chrono::steady_clock;
  struct StopRequest {
    std::stop_source* to;
    void operator()() const { to->request_stop(); }
  };

  void RunSender();

  // False: not for the caller.
  bool Deliver(const v1::StreamingRecognizeResponse& response);
  bool TakeCheckpoint(v1::Checkpoint checkpoint);
  // Begins a call that goes on after one that ended with `error`. False: it is of no use.
  bool Resume(const absl::Status& error);
  bool MayResume(const absl::Status& error, bool worked);
  bool WaitToTry();  // false: cancelled
  void StartCall();
  absl::Status EndCall();
  void End(const absl::Status& status);

  const std::vector<v1::SpeechRecognition::Stub*> servers_;
  const ResumeOptions options_;
  std::stop_source cancelled_;  // by Cancel, or by the caller's token
  std::stop_callback<StopRequest> on_stop_;
  const CallOptions call_options_;

  // Reading thread.
  v1::StreamingConfig config_;  // with the last checkpoint's state
  size_t server_ = 0;
  bool started_ = false;      // StreamStarted has come, and been delivered
  bool call_works_ = false;   // this call has had a response
  size_t attempts_ = 0;       // calls since one that worked
  size_t refusals_ = 0;       // of them, those that a server answered with no
  Clock::time_point lost_{};  // when the last one that worked ended
  int64_t delivered_ = 0;     // lasting responses since the last checkpoint
  int64_t to_skip_ = 0;       // lasting responses that are to come once more
  int resumed_ = 0;
  bool over_ = false;
  absl::Status status_;

  std::mutex mutex_;
  std::condition_variable changed_;
  RequestRing ring_;                        // guarded by mutex_, as all below
  std::shared_ptr<StreamingSession> call_;  // null between two calls; written by the reading thread
  bool call_broken_ = false;                // it takes no more requests
  bool sending_ = false;                    // the sender uses call_ without the lock
  bool finished_ = false;                   // no request will follow
  bool stopping_ = false;                   // over or cancelled
  std::thread sender_;
};

}  // namespace rill::client
