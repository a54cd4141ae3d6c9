#include "tests/client/fake_server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "rill/wire/rpc_status.pb.h"

namespace rill::client {
namespace {

constexpr int kWordMs = 100;

// The words of the audio from `from_ms` on; `*audio_ms` is set to all of it.
v1::Result Recognise(const v1::RecognitionConfig& config, size_t bytes, int64_t from_ms,
                     bool is_final, int64_t* audio_ms) {
  *audio_ms = static_cast<int64_t>(bytes) * 1000 / (2 * config.audio().sample_rate_hertz());
  v1::Result result;
  result.set_is_final(is_final);
  result.set_start_ms(from_ms);
  result.set_end_ms(*audio_ms);
  if (is_final) result.set_confidence(0.75);
  for (int n = 1; is_final && n <= config.alternatives(); ++n) {
    result.add_alternatives()->set_text(absl::StrCat("other ", n));
  }
  for (int64_t n = from_ms / kWordMs; (n + 1) * kWordMs <= *audio_ms; ++n) {
    const std::string text = absl::StrCat("w", n);
    result.set_text(result.text() + (result.text().empty() ? "" : " ") + text);
    if (!is_final || !config.word_times()) continue;
    v1::Word* word = result.add_words();
    word->set_text(text);
    word->set_start_ms(n * kWordMs);
    word->set_end_ms((n + 1) * kWordMs);
    word->set_confidence(0.5);
  }
  return result;
}

}  // namespace

class FakeServer::Service : public v1::SpeechRecognition::Service {
 public:
  explicit Service(FakeServer* server) : server_(server) {}

  grpc::Status StreamingRecognize(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::StreamingRecognizeResponse, v1::StreamingRecognizeRequest>*
          stream) override {
    NoteCaller(context);
    v1::StreamingRecognizeRequest request;
    if (!stream->Read(&request)) return grpc::Status::CANCELLED;
    const v1::StreamingConfig config = request.config();
    if (config.recognition().model() == "broken") return server_->error_;
    v1::StreamingRecognizeResponse response;
    response.mutable_started()->set_stream_id("s1");
    stream->Write(response);
    if (config.speech_events()) {
      response.mutable_speech_event()->set_type(v1::SpeechEvent::SPEECH_START);
      response.mutable_speech_event()->set_time_ms(10);
      stream->Write(response);
    }
    std::string audio;
    int messages = 0;
    int64_t from_ms = 0, audio_ms = 0;
    auto answer = [&](bool is_final) {
      v1::StreamingRecognizeResponse response;
      *response.mutable_result() =
          Recognise(config.recognition(), audio.size(), from_ms, is_final, &audio_ms);
      response.set_processed_ms(audio_ms);
      if (is_final) from_ms = audio_ms;
      stream->Write(response);
    };
    while (stream->Read(&request)) {
      if (request.has_flush()) {
        answer(/*is_final=*/true);
        v1::StreamingRecognizeResponse response;
        response.set_flushed(request.flush().id());
        stream->Write(response);
      } else if (request.has_hot_words()) {
        std::lock_guard lock(server_->log_.mutex);
        server_->log_.hot_words.push_back(request.hot_words());
      } else {
        audio += request.has_features() ? request.features().data() : request.audio();
        if (config.interim_results()) answer(/*is_final=*/false);
        if (config.single_utterance() && ++messages == 2) break;
      }
    }
    answer(/*is_final=*/true);
    Note(context, config.recognition(), audio);
    return grpc::Status::OK;
  }

  grpc::Status Recognize(grpc::ServerContext* context, const v1::RecognizeRequest* request,
                         v1::RecognizeResponse* response) override {
    NoteCaller(context);
    if (request->config().model() == "broken") return server_->error_;
    int64_t audio_ms = 0;
    *response->add_results() =
        Recognise(request->config(), request->audio().size(), 0, true, &audio_ms);
    response->set_audio_ms(audio_ms);
    return grpc::Status::OK;
  }

  grpc::Status Transcribe(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::TranscribeResponse, v1::TranscribeRequest>* stream) override {
    NoteCaller(context);
    v1::TranscribeRequest request;
    if (!stream->Read(&request)) return grpc::Status::CANCELLED;
    const v1::RecognitionConfig config = request.config();
    if (config.model() == "broken") return server_->error_;
    if (server_->full_for_-- > 0) return FullStatus();
    if (server_->lost_for_-- > 0) return {grpc::StatusCode::UNAVAILABLE, "Socket closed"};
    std::string audio;
    int64_t audio_ms = 0;
    v1::TranscribeResponse response;
    while (stream->Read(&request)) {
      audio += request.audio();
      Recognise(config, audio.size(), 0, false, &audio_ms);
      response.mutable_progress()->set_received_ms(audio_ms);
      response.mutable_progress()->set_processed_ms(audio_ms);
      stream->Write(response);
    }
    *response.mutable_result() = Recognise(config, audio.size(), 0, true, &audio_ms);
    stream->Write(response);
    Note(context, config, audio);
    return grpc::Status::OK;
  }

  grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest* request,
                          v1::ListModelsResponse* response) override {
    NoteCaller(context);
    v1::Model* model = response->add_models();
    model->set_name("tiny");
    model->set_language("en");
    model->set_parameters(5000000);
    model->set_state_bytes_per_stream(2048);
    model->set_is_default(true);
    model->add_chunk_ms(40);
    model->add_chunk_ms(320);
    return grpc::Status::OK;
  }

 private:
  void NoteCaller(grpc::ServerContext* context) {
    std::lock_guard lock(server_->log_.mutex);
    const auto it = context->client_metadata().find("authorization");
    server_->log_.authorization = it == context->client_metadata().end()
                                      ? ""
                                      : std::string(it->second.data(), it->second.size());
  }

  void Note(grpc::ServerContext* context, const v1::RecognitionConfig& config,
            const std::string& audio) {
    std::lock_guard lock(server_->log_.mutex);
    server_->log_.configs.push_back(config);
    server_->log_.audio.push_back(audio);
    server_->log_.cancelled += context->IsCancelled();
  }

  FakeServer* server_;
};

FakeServer::FakeServer() : service_(std::make_unique<Service>(this)) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
}

FakeServer::~FakeServer() { server_->Shutdown(); }

std::vector<v1::RecognitionConfig> FakeServer::configs() const {
  std::lock_guard lock(log_.mutex);
  return log_.configs;
}

std::vector<std::string> FakeServer::audio() const {
  std::lock_guard lock(log_.mutex);
  return log_.audio;
}

std::vector<v1::HotWords> FakeServer::hot_words() const {
  std::lock_guard lock(log_.mutex);
  return log_.hot_words;
}

int FakeServer::cancelled() const {
  std::lock_guard lock(log_.mutex);
  return log_.cancelled;
}

std::string FakeServer::authorization() const {
  std::lock_guard lock(log_.mutex);
  return log_.authorization;
}

grpc::Status FullStatus() {
  wire::RetryInfo info;
  info.mutable_retry_delay()->set_nanos(5000000);
  wire::RpcStatus details;
  details.add_details()->set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  details.mutable_details(0)->set_value(info.SerializeAsString());
  return {grpc::StatusCode::RESOURCE_EXHAUSTED, "all 8 streams are taken",
          details.SerializeAsString()};
}

std::string DeadAddress() { return "127.0.0.1:1"; }

}  // namespace rill::client
