// A server on a port of its own, on the fake recogniser or a given model, and the plain gRPC calls
// the tests make.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/client_context.h"
#include "grpcpp/grpcpp.h"
#include "rill/v1/rill.grpc.pb.h"
#include "server/server.h"
#include "tests/server/eventually.h"
#include "tests/server/fake_recognizer.h"

namespace rill::server {

// `ms` milliseconds of 16 kHz LINEAR16 noise, the same for the same seed.
std::string NoiseAudio(int ms, uint32_t seed = 1);

v1::RecognitionConfig Linear16Config();

// What came back from a call, whichever it was.
struct Outcome {
  grpc::Status status;
  std::vector<v1::StreamingRecognizeResponse> responses;  // StreamingRecognize
  std::vector<v1::Result> finals;                         // of any method
  std::vector<v1::Result> interims;

  void Take(const v1::StreamingRecognizeResponse& response);

  // The finals, one line each: text and times.
  std::string Transcript() const;
  // Of the finals, word by word, with times and confidences.
  std::string Words() const;
};

class ServerFixture : public testing::Test {
 protected:
  using StreamingCall =
      grpc::ClientReaderWriter<v1::StreamingRecognizeRequest, v1::StreamingRecognizeResponse>;

  // Starts a server on the fake. May be called again after Stop.
  void Start(ServerOptions options = FewThreads());
  void StartWith(const ServerOptions& options, std::vector<ServedModel> models);
  void StopServer() { server_.reset(); }
  // The server and the client's channel.
  void Stop();
  void TearDown() override { Stop(); }

  static ServerOptions FewThreads();

  Server& server() { return *server_; }
  FakeControl& fake() { return *control_; }
  v1::SpeechRecognition::Stub& stub() { return *stub_; }
  std::string address() const;
  std::shared_ptr<grpc::Channel> NewChannel() const;

  // Whole calls: config, audio in pieces, end.
  Outcome Stream(const std::string& audio, size_t piece_bytes = 3200,
                 const v1::StreamingConfig* config = nullptr);
  Outcome Transcribe(const std::string& audio, size_t piece_bytes = 32000);
  Outcome Recognize(const std::string& audio);

  // Sends these requests and reads on; the client half-closes only if it says so.
  Outcome Send(const std::vector<v1::StreamingRecognizeRequest>& requests, bool half_close = false);

  static v1::StreamingRecognizeRequest ConfigRequest(bool interim_results = false);
  static v1::StreamingRecognizeRequest AudioRequest(std::string audio);
  // Reads to the end.
  static void ReadAll(StreamingCall* call, Outcome* outcome);
  // Nothing is left of any stream: no session, no slot.
  bool EverythingFreed();

 private:
  std::shared_ptr<FakeControl> control_ = std::make_shared<FakeControl>();
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::SpeechRecognition::Stub> stub_;
};

}  // namespace rill::server
