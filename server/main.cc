// rill-server: command line, signals, start and end of the process.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/default_model.h"
#include "server/grpc_log.h"
#include "server/log.h"
#include "server/options.h"
#include "server/security/listen_address.h"
#include "server/security/token.h"
#include "server/server.h"

namespace rill::server {
namespace {

constexpr char kAbout[] =
    "rill-server: speech in, text out, over gRPC (rill.v1.SpeechRecognition).\n\n"
    "Serves the model it came with on 127.0.0.1:50051 if started without options:\n"
    "  rill-server\n"
    "Another model, all interfaces, logs for a machine:\n"
    "  rill-server --model FILE --listen 0.0.0.0:50051 --cert-file server.pem --key-file "
    "server.key \\\n"
    "    --token-file tokens --log-format json\n"
    "The same from a file:\n"
    "  rill-server --config rill.toml\n"
    "SIGTERM or SIGINT: no new streams, open ones may end (--drain-timeout); a second one: "
    "exit at once. SIGHUP, with --token-file: read it again.\n";

constexpr char kAboutToken[] =
    "Makes a bearer token: the token goes to standard error, once, for the client; its line for\n"
    "--token-file, which tells nobody the token, to standard output:\n"
    "  rill-server token alice --max-streams 20 >> tokens\n";

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

// CLI11 says what is in the file as it is: it may be anything, and may steer a terminal.
std::string ConfigProblem(const CLI::ConfigError& error) {
  absl::string_view what = error.what();
  if (!absl::ConsumePrefix(&what, "INI was not able to parse ")) {
    return absl::CHexEscape(what);
  }
  return absl::StrCat("there is no key '", absl::CHexEscape(what.substr(0, 64)),
                      "'; rill-server --help has all");
}

int MakeToken(const std::string& name, int max_streams) {
  if (!IsTokenName(name)) {
    std::cerr << "rill-server token: a name is 1 to 64 letters, digits or any of .-_@\n";
    return kUsageError;
  }
  const auto token = NewToken();
  if (!token.ok()) {
    std::cerr << "rill-server token: " << token.status().message() << "\n";
    return EXIT_FAILURE;
  }
  std::cout << TokenLine(name, *token, max_streams) << std::endl;
  if (!std::cout) {
    std::cerr << "rill-server token: cannot write to standard output: is the disk full?\n";
    return EXIT_FAILURE;
  }
  std::cerr << *token << std::endl;
  return EXIT_SUCCESS;
}

// Waits for a signal to stop; those to read the tokens again are done on the way.
void WaitForStop(const sigset_t& signals, Server* server) {
  int signal = 0;
  do {
    sigwait(&signals, &signal);
    if (signal == SIGHUP) server->ReloadTokens();
  } while (signal == SIGHUP);
}

int Serve(ServerOptions options) {
  ConfigureLog(options.log_level, options.log_format);
  signal(SIGPIPE, SIG_IGN);  // whoever reads the log may go away
  TakeGrpcLog();
  if (absl::Status status = CheckListening(options); !status.ok())
    return Fail("start_error", status);
  // Every thread started from here on leaves these signals to sigwait. Without tokens a hang-up
  // ends the process, as it does with any other.
  const bool tokens = !options.token_file.empty();
  sigset_t signals = StopSignals();
  if (tokens) sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  if (options.models.empty()) {
    auto found = FindDefaultModel(ModelFolders());
    if (!found.ok()) return Fail("no_model", found.status());
    options.models = {*found};
  }
  // Only a new process may find a lost device again: this one ends as it would for a signal, its
  // health checks say NOT_SERVING, and the exit code has it started anew.
  std::atomic<bool> device_lost = false;
  auto models = LoadModels(options, [&device_lost] {
    if (!device_lost.exchange(true)) kill(getpid(), SIGTERM);
  });
  if (!models.ok()) return Fail("model_error", models.status());
  auto server = Server::Start(options, *std::move(models));
  if (!server.ok()) return Fail("start_error", server.status());
  (*server)->WarmUp();
  (*server)->BeginServing();
  if (!options.metrics_listen.empty()) {
    Log(LogLevel::kInfo, "metrics",
        {{"address", options.metrics_listen}, {"http_port", int64_t{(*server)->metrics_port()}}});
  }
  for (size_t i = 0; i < options.listen.size(); ++i) {
    const std::string& address = options.listen[i];
    const bool tls = options.tls.any() && !IsUnixSocket(address);
    Log(LogLevel::kInfo, "listening",
        {{"address", address},
         {"port", int64_t{(*server)->ports()[i]}},
         {"security", tls ? (options.tls.client_ca.empty() ? "tls" : "mtls") : "plain"},
         {"tokens", tokens ? "required" : "none"}});
  }

  WaitForStop(signals, server->get());
  // A second signal, or none: this thread ends with the process.
  std::thread([] {
    const sigset_t stop = StopSignals();
    int second = 0;
    sigwait(&stop, &second);
    _exit(128 + second);
  }).detach();
  (*server)->Drain(std::chrono::milliseconds(static_cast<int64_t>(options.drain_timeout * 1000)));
  if (device_lost) {
    return Fail("device_lost", absl::InternalError("every step of the model fails; start anew"));
  }
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
  std::string token_name;
  int token_streams = 0;
  CLI::App* token = app.add_subcommand("token", "Make a bearer token for a client");
  token->configurable(false)->footer(kAboutToken);
  token->add_option("NAME", token_name, "Whose it is, for the log")->required();
  token->add_option("--max-streams", token_streams, "Streams it may have at a time; 0: any")
      ->check(CLI::Range(0, 1000000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ConfigError& error) {
    std::cerr << "--config: " << ConfigProblem(error) << "\n";
    return kUsageError;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kUsageError;
  }
  if (print_table) {
    std::cout << OptionsTable(rows);
    return EXIT_SUCCESS;
  }
  if (token->parsed()) return MakeToken(token_name, token_streams);
  return Serve(std::move(options));
}

}  // namespace
}  // namespace rill::server

int main(int argc, char** argv) { return rill::server::Main(argc, argv); }
