#include "server/server.h"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_builder.h"
#include "server/log.h"

namespace rill::server {
namespace {

// How long a stream has for its final results when a drain has run out of time.
constexpr auto kFinalResultsTimeout = std::chrono::seconds(5);

int Cores() { return std::max(1u, std::thread::hardware_concurrency()); }

}  // namespace

EngineOptions ToEngineOptions(const ServerOptions& options) {
  EngineOptions engine;
  engine.workers = options.workers > 0 ? options.workers : Cores();
  engine.max_streams = options.max_streams > 0 ? options.max_streams : 400 * engine.workers;
  engine.batch.max_batch = options.max_batch;
  engine.batch.deadline = std::chrono::milliseconds(options.batch_deadline_ms);
  engine.max_chunks_per_step = options.max_chunks_per_step;
  engine.pin_workers = options.pin_workers;
  return engine;
}

absl::StatusOr<std::vector<ServedModel>> LoadModels(const ServerOptions& options) {
  std::vector<ServedModel> models;
  std::set<std::string> names;
  for (const std::string& path : options.models) {
    RecognizerOptions recognizer_options;
    recognizer_options.encoder.allow_bfloat16 = options.bfloat16;
    auto recognizer = Recognizer::Load(path, recognizer_options);
    if (!recognizer.ok()) return recognizer.status();
    ServedModel model;
    model.info = DescribeModel(**recognizer);
    if (!names.insert(model.info.name).second) {
      return absl::InvalidArgumentError(absl::StrCat("--model ", path, ": a model named '",
                                                     model.info.name, "' is there already"));
    }
    model.engine = std::make_unique<Engine>(*std::move(recognizer), ToEngineOptions(options));
    Log(LogLevel::kInfo, "model_loaded",
        {{"model", model.info.name},
         {"file", path},
         {"hash", model.info.hash},
         {"parameters", model.info.parameters},
         {"state_bytes_per_stream", model.info.state_bytes_per_stream},
         {"max_streams", int64_t{model.engine->max_streams()}}});
    models.push_back(std::move(model));
  }
  return models;
}

Server::Server(const ServerOptions& options, std::vector<ServedModel> models)
    : registry_(std::chrono::milliseconds(static_cast<int64_t>(options.idle_timeout * 1000))),
      executor_(std::max(1, Cores() / 2)) {
  SpeechLimits limits;
  limits.default_chunk_ms = options.chunk_ms;
  limits.queue_seconds = options.queue_seconds;
  limits.max_audio_seconds = options.max_audio_seconds;
  core_ = std::make_unique<SpeechCore>(std::move(models), limits, &registry_, &executor_);
  service_ = std::make_unique<SpeechService>(core_.get());
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      std::vector<ServedModel> models) {
  if (models.empty()) return absl::InvalidArgumentError("a server needs a model");
  std::unique_ptr<Server> server(new Server(options, std::move(models)));
  if (absl::Status status = server->Listen(options); !status.ok()) return status;
  return server;
}

absl::Status Server::Listen(const ServerOptions& options) {
  grpc::EnableDefaultHealthCheckService(true);
  if (options.reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(service_.get());
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  // Without this, a second server on the same port would silently get half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A peer that is switched off says nothing: ask, so that its streams do not hold their slots.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  // Clients may ask too, also while they are silent.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  grpc_server_ = builder.BuildAndStart();
  if (!grpc_server_ || port_ == 0) {
    return absl::UnavailableError(
        absl::StrCat("--listen ", options.listen,
                     ": cannot listen there; is the address right, and is it free?"));
  }
  grpc::HealthCheckServiceInterface* health = grpc_server_->GetHealthCheckService();
  health->SetServingStatus("", true);
  health->SetServingStatus(v1::SpeechRecognition::service_full_name(), true);
  return absl::OkStatus();
}

Server::~Server() { Stop(); }

void Server::Drain(std::chrono::milliseconds timeout) {
  Log(LogLevel::kInfo, "drain", {{"open_streams", int64_t{registry_.size()}}});
  grpc_server_->GetHealthCheckService()->SetServingStatus(false);
  registry_.StopAccepting();
  if (!registry_.WaitUntilEmpty(timeout)) {
    Log(LogLevel::kWarning, "drain_timeout", {{"open_streams", int64_t{registry_.size()}}});
    registry_.CloseAll(absl::UnavailableError("the server is shutting down; try another one"));
    registry_.WaitUntilEmpty(kFinalResultsTimeout);
  }
  Stop();
}

void Server::Stop() {
  // First the calls, then the threads that work for them, then what those threads hold: so nothing
  // is used after its end.
  if (grpc_server_) {
    grpc_server_->Shutdown(std::chrono::system_clock::now());
    grpc_server_->Wait();
    grpc_server_.reset();
  }
  executor_.Stop();
  registry_.Stop();
  service_.reset();
  core_.reset();
}

}  // namespace rill::server
