// rill-server: command line, signals, start and end of the process.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "server/default_model.h"
#include "server/log.h"
#include "server/options.h"
#include "server/server.h"

namespace rill::server {
namespace {

constexpr char kAbout[] =
    "rill-server: speech in, text out, over gRPC (rill.v1.SpeechRecognition).\n\n"
    "Serves the model it came with on 127.0.0.1:50051 if started without options:\n"
    "  rill-server\n"
    "Another model, all interfaces, logs for a machine:\n"
    "  rill-server --model FILE --listen 0.0.0.0:50051 --log-format json\n"
    "The same from a file:\n"
    "  rill-server --config rill.toml\n"
    "SIGTERM or SIGINT: no new streams, open ones may end (--drain-timeout); a second one: "
    "exit at once.\n";

constexpr int kUsageError = 2;

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

int Fail(const char* event, const absl::Status& status) {
  Log(LogLevel::kError, event, {{"error", std::string(status.message())}});
  return EXIT_FAILURE;
}

int Serve(ServerOptions options) {
  ConfigureLog(options.log_level, options.log_format);
  // Every thread started from here on leaves these signals to sigwait below.
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  if (options.models.empty()) {
    auto found = FindDefaultModel(ModelFolders());
    if (!found.ok()) return Fail("no_model", found.status());
    options.models = {*found};
  }
  auto models = LoadModels(options);
  if (!models.ok()) return Fail("model_error", models.status());
  auto server = Server::Start(options, *std::move(models));
  if (!server.ok()) return Fail("start_error", server.status());
  Log(LogLevel::kInfo, "listening",
      {{"address", options.listen}, {"port", int64_t{(*server)->port()}}});

  int signal = 0;
  sigwait(&signals, &signal);
  // A second signal, or none: this thread ends with the process.
  std::thread([signals] {
    int second = 0;
    sigwait(&signals, &second);
    _exit(128 + second);
  }).detach();
  (*server)->Drain(std::chrono::milliseconds(static_cast<int64_t>(options.drain_timeout * 1000)));
  Log(LogLevel::kInfo, "stopped", {});
  return EXIT_SUCCESS;
}

int Main(int argc, char** argv) {
  CLI::App app(kAbout, "rill-server");
  ServerOptions options;
  bool print_table = false;
  const std::vector<OptionRow> rows = RegisterOptions(&app, &options);
  app.set_version_flag("--version", "rill-server " RILL_VERSION);
  app.add_flag("--print-options-table", print_table)->group("")->configurable(false);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ConfigError& error) {
    std::cerr << "--config: " << error.what()
              << ": there is no such key; rill-server --help has all\n";
    return kUsageError;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kUsageError;
  }
  if (print_table) {
    std::cout << OptionsTable(rows);
    return EXIT_SUCCESS;
  }
  return Serve(std::move(options));
}

}  // namespace
}  // namespace rill::server

int main(int argc, char** argv) { return rill::server::Main(argc, argv); }
