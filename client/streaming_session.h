// One live recognition call: audio goes out, results come back, both at the same time.
//
//   auto session = client.StartStreaming(config);
//   std::thread writer([&] {
//     while (MoreAudio() && session->Write(bytes)) {}
//     session->Finish();
//   });
//   absl::Status status = session->ReadAll([](const auto& response) { ... });
//   writer.join();
//
// Thread rule: any threads write (Write ... Send), one request after the other; one reads (Next,
// ReadAll). It may write, too, but a writer that never reads stops once the flow-control window is
// full. Cancel is for any thread. Destroy it when all threads are out; a call still open is then
// cancelled.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "client/call_options.h"
#include "rill/v1/rill.grpc.pb.h"

namespace rill::client {

class StreamingSession {
 public:
  // Opens the call and sends `config`. Errors show in the first Next.
  StreamingSession(v1::SpeechRecognition::Stub& stub, const v1::StreamingConfig& config,
                   const CallOptions& options);
  ~StreamingSession();
  StreamingSession(const StreamingSession&) = delete;
  StreamingSession& operator=(const StreamingSession&) = delete;

  // Each waits while the server does not take more (back-pressure). False: the call is over, and
  // Next says why; or Finish was called.
  bool Write(std::string audio);
  bool WriteFeatures(
      std::string frames);  // as FeatureFrames.data; the config must ask for features
  // In place of the hot words so far, for the audio to come.
  bool SetHotWords(const v1::HotWords& hot_words);
  // Everything written so far becomes final; a response with `flushed` == id follows it.
  bool Flush(uint64_t id);
  // The audio is over. The last words are still to be read.
  bool Finish();
  // Any request but the first, as it is.
  bool Send(const v1::StreamingRecognizeRequest& request);

  // Waits for the next response. False: the call is over, see status().
  bool Next(v1::StreamingRecognizeResponse* response);
  // Calls `on_response` for every response, on this thread, until the call is over.
  absl::Status ReadAll(
      const std::function<void(const v1::StreamingRecognizeResponse&)>& on_response);

  // How the call ended: gRPC's code and message. For the reading thread, once Next gave false.
  const absl::Status& status() const { return status_; }

  // Ends the call at once; Next then gives false, and status() is Cancelled.
  void Cancel();

 private:
  CallContext call_;
  std::unique_ptr<
      grpc::ClientReaderWriter<v1::StreamingRecognizeRequest, v1::StreamingRecognizeResponse>>
      stream_;
  std::mutex write_mutex_;  // one request at a time
  bool finished_ = false;   // guarded by write_mutex_
  bool over_ = false;       // reading thread
  absl::Status status_;
};

}  // namespace rill::client
