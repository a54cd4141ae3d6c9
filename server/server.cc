#include "server/server.h"

#include <algorithm>
#include <climits>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_builder.h"
#include "server/cores.h"
#include "server/default_model.h"
#include "server/engine/warm_up.h"
#include "server/log.h"
#include "server/memory_limit.h"
#include "server/metrics/metrics_page.h"
#include "server/security/listen_address.h"
#include "server/security/tls.h"
#include "server/without_reflection.h"

namespace rill::server {
namespace {

// How long a stream has for its final results when a drain has run out of time.
constexpr auto kFinalResultsTimeout = std::chrono::seconds(5);

// How often the certificate files are looked at.
constexpr unsigned kCertificateRefreshSeconds = 1;

// Streams that one busy Zen 4 core carries, as measured in docs/performance.md: 200 of XS (5
// million parameters), and with the model's size ever fewer.
int StreamsPerCore(int64_t parameters) {
  constexpr int64_t kParameterStreams = 1'000'000'000;
  return static_cast<int>(
      std::clamp<int64_t>(kParameterStreams / std::max<int64_t>(parameters, 1), 20, 200));
}

int Workers(const ServerOptions& options) {
  return options.workers > 0 ? options.workers : UsableCores();
}

// As many as the cores carry, but not more than have their states in half of the memory, shared by
// all models: the other half is for what else a stream may have (audio that waits, results, the
// beam), and for the models.
int DefaultStreams(const ServerOptions& options, const ModelInfo& model) {
  const auto models = static_cast<int64_t>(std::max<size_t>(options.models.size(), 1));
  const int64_t state_bytes = std::max<int64_t>(model.state_bytes_per_stream, 1);
  const int64_t in_memory = UsableMemory() / 2 / models / state_bytes;
  const int64_t on_cores = int64_t{StreamsPerCore(model.parameters)} * Workers(options);
  return static_cast<int>(std::max<int64_t>(std::min(in_memory, on_cores), 1));
}

}  // namespace

EngineOptions ToEngineOptions(const ServerOptions& options, const Device& device,
                              const ModelInfo& model) {
  const bool is_gpu = device.kind == Device::Kind::kCuda;
  EngineOptions engine;
  engine.workers = Workers(options);
  engine.max_streams = options.max_streams > 0 ? options.max_streams
                       : is_gpu                ? 1000
                                               : DefaultStreams(options, model);
  engine.batch.max_batch = options.max_batch > 0 ? options.max_batch : is_gpu ? 1024 : 64;
  engine.batch.deadline = std::chrono::milliseconds(options.batch_deadline_ms);
  engine.max_chunks_per_step = options.max_chunks_per_step;
  engine.pin_workers = options.pin_workers;
  return engine;
}

absl::StatusOr<std::vector<ServedModel>> LoadModels(const ServerOptions& options,
                                                    std::function<void()> on_device_lost) {
  absl::Status no_cuda;
  const absl::StatusOr<Device> device = ChooseDevice(options.device, &no_cuda);
  if (!device.ok()) {
    return absl::Status(device.status().code(),
                        absl::StrCat("--device ", options.device, ": ", device.status().message()));
  }
  if (!no_cuda.ok() && !absl::IsNotFound(no_cuda)) {
    Log(LogLevel::kInfo, "no_gpu", {{"reason", std::string(no_cuda.message())}});
  }
  std::vector<ServedModel> models;
  std::set<std::string> names;
  for (const std::string& path : options.models) {
    RecognizerOptions recognizer_options;
    recognizer_options.encoder = {options.precision, Workers(options), options.device_streams};
    recognizer_options.device = *device;
    if (options.language_model.empty()) {
      auto found = FindLanguageModel(path);
      if (!found.ok()) return found.status();
      recognizer_options.language_model = *std::move(found);
    } else if (options.language_model != "none") {
      recognizer_options.language_model = options.language_model;
    }
    auto recognizer = Recognizer::Load(path, recognizer_options);
    if (!recognizer.ok()) return recognizer.status();
    ServedModel model;
    model.info = DescribeModel(**recognizer);
    if (!names.insert(model.info.name).second) {
      return absl::InvalidArgumentError(absl::StrCat("--model ", path, ": a model named '",
                                                     model.info.name, "' is there already"));
    }
    EngineOptions engine_options = ToEngineOptions(options, *device, model.info);
    engine_options.on_device_lost = on_device_lost;
    auto engine = Engine::Create(*std::move(recognizer), engine_options);
    if (!engine.ok()) return engine.status();
    model.engine = *std::move(engine);
    const StateSlots slots = model.engine->state_slots();
    const int64_t state_bytes = model.info.state_bytes_per_stream;
    Log(LogLevel::kInfo, "model_loaded",
        {{"model", model.info.name},
         {"file", path},
         {"language_model", recognizer_options.language_model},
         {"hash", model.info.hash},
         {"device", model.engine->recognizer().device()},
         {"parameters", model.info.parameters},
         {"state_bytes_per_stream", state_bytes},
         {"max_streams", int64_t{model.engine->max_streams()}},
         {"state_slots", int64_t{slots.device}},
         {"state_bytes", state_bytes * slots.device},
         {"host_state_slots", int64_t{slots.host}},
         {"host_state_bytes", state_bytes * slots.host}});
    models.push_back(std::move(model));
  }
  return models;
}

absl::Status CheckListening(const ServerOptions& options) {
  for (const std::string& address : options.listen) {
    if (absl::Status status = CheckListenAddress(address); !status.ok()) return status;
    if (options.tls.any() || options.insecure_listen || StaysOnThisMachine(address)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--listen ", address,
                     ": other machines could hear plain text there; give --cert-file and "
                     "--key-file for TLS, or --insecure-listen=true if the network is private"));
  }
  return CheckTlsFiles(options.tls);
}

Server::Server(const ServerOptions& options, std::vector<ServedModel> models,
               std::unique_ptr<Access> access, StateSeal seal)
    : access_(std::move(access)),
      seal_(std::move(seal)),
      registry_(std::chrono::milliseconds(static_cast<int64_t>(options.idle_timeout * 1000))),
      executor_(std::max(1, UsableCores() / 2)),
      warm_up_chunk_frames_(options.chunk_ms / kFrameMs) {
  registry_.SetAccepting(absl::UnavailableError("the server is starting; try again"));
  SpeechLimits limits;
  limits.default_chunk_ms = options.chunk_ms;
  limits.default_decoder = options.decoding;
  limits.queue_seconds = options.queue_seconds;
  limits.max_audio_seconds = options.max_audio_seconds;
  limits.max_stream_seconds = options.max_stream_seconds;
  limits.log_transcripts = options.log_transcripts;
  limits.max_message_bytes = options.max_message_bytes;
  core_ = std::make_unique<SpeechCore>(std::move(models), limits, access_.get(), &seal_, &registry_,
                                       &executor_);
  service_ = std::make_unique<SpeechService>(core_.get());
  riva_service_ = std::make_unique<riva::RivaService>(core_.get());
  operations_ = std::make_unique<google_speech::OperationStore>();
  google_service_ = std::make_unique<google_speech::GoogleService>(core_.get(), operations_.get());
  operations_service_ =
      std::make_unique<google_speech::OperationsService>(core_.get(), operations_.get());
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      std::vector<ServedModel> models) {
  if (models.empty()) return absl::InvalidArgumentError("a server needs a model");
  if (absl::Status status = CheckListening(options); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Access>> access = std::make_unique<Access>();
  if (!options.token_file.empty()) access = Access::FromFile(options.token_file);
  if (!access.ok()) return access.status();
  absl::StatusOr<StateSeal> seal = options.state_key_file.empty()
                                       ? StateSeal::Random()
                                       : StateSeal::FromFile(options.state_key_file);
  if (!seal.ok()) return seal.status();
  std::unique_ptr<Server> server(
      new Server(options, std::move(models), *std::move(access), *std::move(seal)));
  if (absl::Status status = server->Listen(options); !status.ok()) return status;
  if (!options.metrics_listen.empty()) {
    auto metrics = MetricsServer::Start(
        options.metrics_listen,
        std::make_shared<MetricsPage>(server->core_.get(), &server->ready_, options.tls.cert));
    if (!metrics.ok()) return metrics.status();
    server->metrics_ = *std::move(metrics);
  }
  return server;
}

absl::Status Server::Listen(const ServerOptions& options) {
  grpc::EnableDefaultHealthCheckService(true);
  if (options.reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  if (!options.reflection) builder.SetOption(std::make_unique<WithoutReflection>());
  const auto plain = grpc::InsecureServerCredentials();
  const auto tls =
      options.tls.any() ? MakeTlsCredentials(options.tls, kCertificateRefreshSeconds) : plain;
  ports_.resize(options.listen.size());
  for (size_t i = 0; i < options.listen.size(); ++i) {
    const std::string& address = options.listen[i];
    builder.AddListeningPort(address, IsUnixSocket(address) ? plain : tls, &ports_[i]);
  }
  builder.RegisterService(service_.get());
  builder.RegisterService(riva_service_.get());
  builder.RegisterService(google_service_.get());
  builder.RegisterService(operations_service_.get());
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  // gRPC looks at the size of a compressed message before it inflates it, and nobody after that has
  // bounded what comes out.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, options.max_metadata_bytes);
  // Without this, a second server on the same port would silently get half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A peer that is switched off says nothing: ask, so that its streams do not hold their slots.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  if (options.max_connection_age > 0) {
    const int64_t age_ms = int64_t{1000} * options.max_connection_age;
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                               static_cast<int>(std::min<int64_t>(age_ms, INT_MAX)));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, INT_MAX);
  }
  // Clients may ask too, also while they are silent.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  grpc_server_ = builder.BuildAndStart();
  if (!grpc_server_ || std::count(ports_.begin(), ports_.end(), 0) > 0) {
    std::vector<std::string> failed;
    for (size_t i = 0; i < ports_.size(); ++i) {
      if (ports_[i] == 0) failed.push_back(options.listen[i]);
    }
    return absl::UnavailableError(
        absl::StrCat("--listen ", absl::StrJoin(failed, ", "),
                     ": cannot listen there; is the address right, and is it free?"));
  }
  SetReady(false);
  return absl::OkStatus();
}

void Server::SetReady(bool ready) {
  ready_ = ready;
  grpc::HealthCheckServiceInterface* health = grpc_server_->GetHealthCheckService();
  for (const ServedModel& model : core_->models()) {
    health->SetServingStatus(model.info.name, ready);
  }
  health->SetServingStatus(v1::SpeechRecognition::service_full_name(), ready);
  health->SetServingStatus(nvidia::riva::asr::RivaSpeechRecognition::service_full_name(), ready);
  health->SetServingStatus(google::cloud::speech::v1::Speech::service_full_name(), ready);
  health->SetServingStatus("", ready);
}

void Server::WarmUp() {
  for (const ServedModel& model : core_->models()) {
    const absl::Status status = server::WarmUp(model.engine.get(), warm_up_chunk_frames_);
    if (status.ok()) continue;
    Log(LogLevel::kWarning, "warm_up_failed",
        {{"model", model.info.name}, {"error", std::string(status.message())}});
  }
}

void Server::BeginServing() {
  registry_.SetAccepting(absl::OkStatus());
  SetReady(true);
}

Server::~Server() { Stop(); }

void Server::ReloadTokens() { access_->Reload(); }

void Server::Drain(std::chrono::milliseconds timeout) {
  Log(LogLevel::kInfo, "drain", {{"open_streams", int64_t{registry_.size()}}});
  SetReady(false);
  registry_.SetAccepting(absl::UnavailableError("the server is shutting down; try another one"));
  registry_.MoveAll(
      absl::UnavailableError("the server is shutting down; the stream can go on on "
                             "another one from its last checkpoint"));
  if (!registry_.WaitUntilEmpty(timeout)) {
    Log(LogLevel::kWarning, "drain_timeout", {{"open_streams", int64_t{registry_.size()}}});
    registry_.CloseAll(absl::UnavailableError("the server is shutting down; try another one"));
    registry_.WaitUntilEmpty(kFinalResultsTimeout);
  }
  Stop();
}

void Server::Stop() {
  // First the calls and what goes on after them, then the threads that work for them, then what
  // those threads hold: so nothing is used after its end.
  if (grpc_server_) {
    grpc_server_->Shutdown(std::chrono::system_clock::now());
    grpc_server_->Wait();
    grpc_server_.reset();
  }
  operations_service_.reset();
  google_service_.reset();
  operations_.reset();
  metrics_.reset();
  executor_.Stop();
  registry_.Stop();
  riva_service_.reset();
  service_.reset();
  core_.reset();
}

}  // namespace rill::server
