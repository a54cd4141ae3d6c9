// A running rill server: listens, warms up, serves the models given, drains, stops. Any thread may
// call Drain once.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/server.h"
#include "server/executor.h"
#include "server/metrics/metrics_server.h"
#include "server/options.h"
#include "server/security/access.h"
#include "server/security/state_seal.h"
#include "server/services/google/google_service.h"
#include "server/services/google/operation_store.h"
#include "server/services/google/operations_service.h"
#include "server/services/riva/riva_service.h"
#include "server/services/speech_core.h"
#include "server/services/speech_service.h"
#include "server/session/session_registry.h"

namespace rill::server {

// The engine's options for one model, of the server's. Without --max-streams: as many as the cores
// carry, but on a processor only so many that their states take half of the memory.
EngineOptions ToEngineOptions(const ServerOptions& options, const Device& device = {},
                              const ModelInfo& model = {});

// Opens every model of options.models and starts its engine. `on_device_lost`: of EngineOptions.
// Errors name the file.
absl::StatusOr<std::vector<ServedModel>> LoadModels(const ServerOptions& options,
                                                    std::function<void()> on_device_lost = {});

// What is wrong with where and how the server is to listen, naming the flag: an address that is
// none, one that other machines reach in plain text without --insecure-listen, TLS files that do
// not fit.
absl::Status CheckListening(const ServerOptions& options);

class Server {
 public:
  // Listens, and says NOT_SERVING until BeginServing. Unavailable if an address cannot be listened
  // to, else as CheckListening, Access::FromFile and StateSeal::FromFile. At least one model.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       std::vector<ServedModel> models);
  // Without Drain: cancels what is open.
  ~Server();

  // Of each address of options.listen; meaningless for Unix sockets.
  const std::vector<int>& ports() const { return ports_; }
  int port() const { return ports_.front(); }
  int metrics_port() const { return metrics_->port(); }  // with --metrics-listen only
  int open_sessions() const { return registry_.size(); }

  // Runs every model once, so that the first client need not wait for what comes only once.
  void WarmUp();
  // Takes streams from now on, and says so by grpc.health.v1: for the server, its services, and
  // every model by name.
  void BeginServing();

  // Reads the token file again.
  void ReloadTokens();

  // Takes no new stream and says so by grpc.health.v1; sends those away that can go on elsewhere
  // (Checkpoint in rill.proto); lets the others go on for `timeout`, then
  // ends them with their final results and UNAVAILABLE. Returns when none is left.
  void Drain(std::chrono::milliseconds timeout);

 private:
  Server(const ServerOptions& options, std::vector<ServedModel> models,
         std::unique_ptr<Access> access, StateSeal seal);
  absl::Status Listen(const ServerOptions& options);
  void Stop();
  void SetReady(bool ready);

  const std::unique_ptr<Access> access_;
  const StateSeal seal_;
  SessionRegistry registry_;
  Executor executor_;
  std::unique_ptr<SpeechCore> core_;
  std::unique_ptr<SpeechService> service_;
  std::unique_ptr<riva::RivaService> riva_service_;
  std::unique_ptr<google_speech::OperationStore> operations_;
  std::unique_ptr<google_speech::GoogleService> google_service_;
  std::unique_ptr<google_speech::OperationsService> operations_service_;
  std::unique_ptr<MetricsServer> metrics_;
  std::atomic<bool> ready_{false};
  const int warm_up_chunk_frames_;
  std::unique_ptr<grpc::Server> grpc_server_;
  std::vector<int> ports_;
};

}  // namespace rill::server
