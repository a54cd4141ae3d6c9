// A running rill server: listens, serves the models given, drains, stops. Any thread may call Drain
// once.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/server.h"
#include "server/executor.h"
#include "server/options.h"
#include "server/services/speech_core.h"
#include "server/services/speech_service.h"
#include "server/session/session_registry.h"

namespace rill::server {

// The engine's options for one model, of the server's.
EngineOptions ToEngineOptions(const ServerOptions& options);

// Opens every model of options.models and starts its engine. Errors name the file.
absl::StatusOr<std::vector<ServedModel>> LoadModels(const ServerOptions& options);

class Server {
 public:
  // Unavailable if the address cannot be listened to. At least one model.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       std::vector<ServedModel> models);
  // Without Drain: cancels what is open.
  ~Server();

  int port() const { return port_; }
  int open_sessions() const { return registry_.size(); }

  // Takes no new stream and says so by grpc.health.v1; lets open ones go on for `timeout`, then
  // ends them with their final results and UNAVAILABLE. Returns when none is left.
  void Drain(std::chrono::milliseconds timeout);

 private:
  Server(const ServerOptions& options, std::vector<ServedModel> models);
  absl::Status Listen(const ServerOptions& options);
  void Stop();

  SessionRegistry registry_;
  Executor executor_;
  std::unique_ptr<SpeechCore> core_;
  std::unique_ptr<SpeechService> service_;
  std::unique_ptr<grpc::Server> grpc_server_;
  int port_ = 0;
};

}  // namespace rill::server
