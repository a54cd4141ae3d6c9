#include "tests/server/server_fixture.h"

#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/server/whole_call.h"

namespace rill::server {

std::string NoiseAudio(int ms, uint32_t seed) {
  std::mt19937 random(seed);
  std::string audio(static_cast<size_t>(ms) * 32, '\0');
  // Never the fake's bad byte.
  for (char& byte : audio) byte = static_cast<char>(random() % 127);
  return audio;
}

v1::RecognitionConfig Linear16Config() {
  v1::RecognitionConfig config;
  config.mutable_audio()->set_encoding(v1::LINEAR16);
  config.mutable_audio()->set_sample_rate_hertz(16000);
  config.set_word_times(true);
  return config;
}

void Outcome::Take(const v1::StreamingRecognizeResponse& response) {
  if (response.has_result()) {
    (response.result().is_final() ? finals : interims).push_back(response.result());
  }
  responses.push_back(response);
}

std::string Outcome::Transcript() const {
  std::string transcript;
  for (const v1::Result& result : finals) transcript += result.ShortDebugString() + "\n";
  return transcript;
}

std::string Outcome::Words() const {
  std::string words;
  for (const v1::Result& result : finals) {
    for (const v1::Word& word : result.words()) {
      absl::StrAppend(&words, word.text(), " ", word.start_ms(), " ", word.end_ms(), " ",
                      word.confidence(), "\n");
    }
  }
  return words;
}

ServerOptions ServerFixture::FewThreads() {
  ServerOptions options;
  options.listen = {"127.0.0.1:0"};
  options.workers = 2;
  options.max_streams = 64;
  options.batch_deadline_ms = 1;
  return options;
}

void ServerFixture::Start(ServerOptions options) {
  std::vector<ServedModel> models;
  ServedModel model;
  model.info.name = "fake";
  model.info.language = "en";
  model.info.hash = "abc";
  model.info.state_bytes_per_stream = 1000;
  model.engine =
      *Engine::Create(std::make_unique<FakeRecognizer>(control_), ToEngineOptions(options));
  models.push_back(std::move(model));
  StartWith(options, std::move(models));
}

void ServerFixture::StartWith(const ServerOptions& options, std::vector<ServedModel> models) {
  ConfigureLog(LogLevel::kError, LogFormat::kText);
  auto server = Server::Start(options, std::move(models));
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  server_->BeginServing();
  channel_ = NewChannel();
  stub_ = v1::SpeechRecognition::NewStub(channel_);
}

void ServerFixture::Stop() {
  control_->OpenGate();
  stub_.reset();
  channel_.reset();
  server_.reset();
}

std::string ServerFixture::address() const {
  return "127.0.0.1:" + std::to_string(server_->port());
}

std::shared_ptr<grpc::Channel> ServerFixture::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  return grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments);
}

v1::StreamingRecognizeRequest ServerFixture::ConfigRequest(bool interim_results) {
  v1::StreamingRecognizeRequest request;
  *request.mutable_config()->mutable_recognition() = Linear16Config();
  request.mutable_config()->set_interim_results(interim_results);
  return request;
}

v1::StreamingRecognizeRequest ServerFixture::AudioRequest(std::string audio) {
  v1::StreamingRecognizeRequest request;
  request.set_audio(std::move(audio));
  return request;
}

void ServerFixture::ReadAll(StreamingCall* call, Outcome* outcome) {
  v1::StreamingRecognizeResponse response;
  while (call->Read(&response)) outcome->Take(response);
  outcome->status = call->Finish();
}

Outcome ServerFixture::Stream(const std::string& audio, size_t piece_bytes,
                              const v1::StreamingConfig* config) {
  v1::StreamingRecognizeRequest first = ConfigRequest();
  if (config) *first.mutable_config() = *config;
  return Send(InPieces(first, audio, piece_bytes, AudioRequest), /*half_close=*/true);
}

Outcome ServerFixture::Send(const std::vector<v1::StreamingRecognizeRequest>& requests,
                            bool half_close) {
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  Outcome outcome;
  outcome.status = WholeCall(call.get(), requests, half_close,
                             [&](const auto& response) { outcome.Take(response); });
  return outcome;
}

Outcome ServerFixture::Transcribe(const std::string& audio, size_t piece_bytes) {
  grpc::ClientContext context;
  const auto call = stub_->Transcribe(&context);
  Outcome outcome;
  std::thread reader([&] {
    v1::TranscribeResponse response;
    while (call->Read(&response)) {
      if (response.has_result()) outcome.finals.push_back(response.result());
    }
    outcome.status = call->Finish();
  });
  v1::TranscribeRequest request;
  *request.mutable_config() = Linear16Config();
  bool open = call->Write(request);
  for (size_t begin = 0; open && begin < audio.size(); begin += piece_bytes) {
    request.set_audio(audio.substr(begin, piece_bytes));
    open = call->Write(request);
  }
  call->WritesDone();
  reader.join();
  return outcome;
}

Outcome ServerFixture::Recognize(const std::string& audio) {
  grpc::ClientContext context;
  v1::RecognizeRequest request;
  *request.mutable_config() = Linear16Config();
  request.set_audio(audio);
  v1::RecognizeResponse response;
  Outcome outcome;
  outcome.status = stub_->Recognize(&context, request, &response);
  outcome.finals = {response.results().begin(), response.results().end()};
  return outcome;
}

bool ServerFixture::EverythingFreed() {
  return Eventually(
      [this] { return server_->open_sessions() == 0 && control_->live_streams == 0; });
}

}  // namespace rill::server
