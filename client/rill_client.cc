#include "client/rill_client.h"

#include <thread>
#include <utility>

#include "client/status.h"

namespace rill::client {

absl::StatusOr<std::unique_ptr<RillClient>> RillClient::Create(const Connection& connection) {
  std::vector<std::string> servers = connection.other_servers;
  servers.insert(servers.begin(), connection.server);
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (const std::string& server : servers) {
    Connection one = connection;
    one.server = server;
    auto channel = OpenChannel(one);
    if (!channel.ok()) return channel.status();
    channels.push_back(*std::move(channel));
  }
  return std::unique_ptr<RillClient>(new RillClient(channels));
}

absl::StatusOr<std::unique_ptr<RillClient>> RillClient::Create(const std::string& server) {
  Connection connection;
  connection.server = server;
  return Create(connection);
}

RillClient::RillClient(const std::vector<std::shared_ptr<grpc::Channel>>& channels)
    : stub_(v1::SpeechRecognition::NewStub(channels.front())),
      health_(grpc::health::v1::Health::NewStub(channels.front())) {
  for (size_t i = 1; i < channels.size(); ++i) {
    others_.push_back(v1::SpeechRecognition::NewStub(channels[i]));
  }
}

std::unique_ptr<StreamingSession> RillClient::StartStreaming(const v1::StreamingConfig& config,
                                                             const CallOptions& options) {
  return std::make_unique<StreamingSession>(*stub_, config, options);
}

std::unique_ptr<ResumableStream> RillClient::StartResumable(const v1::StreamingConfig& config,
                                                            const ResumeOptions& resume,
                                                            const CallOptions& options) {
  std::vector<v1::SpeechRecognition::Stub*> servers = {stub_.get()};
  for (const auto& other : others_) servers.push_back(other.get());
  return std::make_unique<ResumableStream>(std::move(servers), config, resume, options);
}

absl::StatusOr<v1::RecognizeResponse> RillClient::Recognize(const v1::RecognizeRequest& request,
                                                            const CallOptions& options) {
  CallContext call(options);
  v1::RecognizeResponse response;
  grpc::Status status = stub_->Recognize(call.get(), request, &response);
  if (!status.ok()) return ToAbsl(status);
  return response;
}

absl::StatusOr<Transcript> RillClient::Transcribe(const v1::RecognitionConfig& config,
                                                  const AudioReader& audio,
                                                  const ProgressCallback& on_progress,
                                                  const CallOptions& options) {
  CallContext call(options);
  auto stream = stub_->Transcribe(call.get());
  absl::Status audio_status;
  std::thread writer([&] {
    v1::TranscribeRequest request;
    *request.mutable_config() = config;
    while (stream->Write(request)) {
      absl::StatusOr<std::string> bytes = audio();
      if (!bytes.ok()) {
        audio_status = bytes.status();
        call.get()->TryCancel();
        return;
      }
      if (bytes->empty()) break;
      request.set_audio(*std::move(bytes));
    }
    stream->WritesDone();
  });

  Transcript transcript;
  v1::TranscribeResponse response;
  while (stream->Read(&response)) {
    if (response.has_result()) transcript.results.push_back(std::move(*response.mutable_result()));
    if (response.has_progress()) {
      transcript.audio_ms = response.progress().processed_ms();
      if (on_progress) on_progress(response.progress());
    }
  }
  writer.join();
  grpc::Status status = stream->Finish();
  if (!audio_status.ok()) return audio_status;
  if (!status.ok()) return ToAbsl(status);
  return transcript;
}

absl::StatusOr<std::vector<v1::Model>> RillClient::ListModels(const CallOptions& options) {
  CallContext call(options);
  v1::ListModelsResponse response;
  grpc::Status status = stub_->ListModels(call.get(), v1::ListModelsRequest(), &response);
  if (!status.ok()) return ToAbsl(status);
  return std::vector<v1::Model>(response.models().begin(), response.models().end());
}

absl::StatusOr<grpc::health::v1::HealthCheckResponse::ServingStatus> RillClient::Health(
    const std::string& service, const CallOptions& options) {
  CallContext call(options);
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  grpc::health::v1::HealthCheckResponse response;
  grpc::Status status = health_->Check(call.get(), request, &response);
  if (!status.ok()) return ToAbsl(status);
  return response.status();
}

}  // namespace rill::client
