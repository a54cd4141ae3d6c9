#include "server/options.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <sstream>
#include <type_traits>

#include "model/encoder/device.h"

namespace rill::server {
namespace {

constexpr int kMaxInt = std::numeric_limits<int>::max();
// With the most that one message can add, 105,000 frames of a FLAC of 4 kHz, it stays below
// kMaxBacklogFrames.
constexpr int kMaxQueueSeconds = 150;

// A script's variable that is not set must not mean "no tokens", say, or "no client certificates".
std::string CheckNotEmpty(const std::string& value) {
  return value.empty() ? "is empty; leave it out, or give it a value" : "";
}

// It is in every range: no comparison with it is true.
std::string CheckNotNan(const std::string& value) {
  return std::isnan(std::strtod(value.c_str(), nullptr)) ? "must be a number" : "";
}

// Registers one option with CLI11 and as a row of the table, from one description.
class Registrar {
 public:
  Registrar(CLI::App* app, std::vector<OptionRow>* rows) : app_(app), rows_(rows) {}

  template <class T>
  CLI::Option* Add(const std::string& flag, const std::string& value_name, T* value,
                   const std::string& fallback, const std::string& meaning) {
    rows_->push_back({flag + " " + value_name, fallback, meaning});
    CLI::Option* option =
        app_->add_option(flag, *value, meaning)->type_name(value_name)->default_str(fallback);
    if (std::is_same_v<T, std::string>) option->check(CheckNotEmpty);
    if (std::is_same_v<T, double>) option->check(CheckNotNan);
    return option;
  }

  template <class T>
  CLI::Option* Add(const std::string& flag, const std::string& value_name, T* value,
                   const std::string& meaning) {
    std::ostringstream fallback;
    fallback << std::boolalpha << *value;
    return Add(flag, value_name, value, fallback.str(), meaning);
  }

 private:
  CLI::App* app_;
  std::vector<OptionRow>* rows_;
};

std::string CheckDevice(const std::string& name) {
  return std::string(CheckDeviceName(name).message());
}

}  // namespace

std::vector<OptionRow> RegisterOptions(CLI::App* app, ServerOptions* options) {
  std::vector<OptionRow> rows;
  Registrar add(app, &rows);
  add.Add("--listen", "HOST:PORT", &options->listen, options->listen.front(),
          "Where to listen: 0.0.0.0:50051 for every interface, or unix:PATH. May be given several "
          "times. Beyond this machine only with TLS or --insecure-listen.");
  add.Add("--cert-file", "FILE", &options->tls.cert, "none: no TLS",
          "The server's certificate (PEM, with those between it and the root). Read again when it "
          "changes.");
  add.Add("--key-file", "FILE", &options->tls.key, "none", "The key of the certificate.");
  add.Add("--client-ca-file", "FILE", &options->tls.client_ca, "none: clients need no certificate",
          "Clients must show a certificate that one of these signed (mutual TLS).");
  add.Add("--insecure-listen", "BOOL", &options->insecure_listen,
          "Listen in plain text where other machines can reach it: for a private network, or "
          "behind a proxy that does TLS.");
  add.Add("--token-file", "FILE", &options->token_file, "none: everybody may call",
          "Bearer tokens that clients must send, a line each: NAME SHA256-IN-HEX [MAX-STREAMS]. "
          "`rill-server token NAME` makes one. Read again when it changes and on SIGHUP.");
  add.Add(
      "--state-key-file", "FILE", &options->state_key_file,
      "none: streams go on on this server only",
      "A secret of 32 bytes or more, the same on all servers that live streams move between: it "
      "seals the state that clients hold meanwhile.");
  add.Add("--model", "FILE", &options->models, "the one that came with the server",
          "A model file to serve. May be given several times; the first is the default model.")
      ->check(CLI::ExistingFile);
  add.Add("--language-model", "FILE", &options->language_model,
          "the *.rlm beside the model, if any",
          "For beam search, made by `rill-lm build`. none: no language model.");
  const std::map<std::string, DecoderOptions::Kind> kinds = {
      {"greedy", DecoderOptions::Kind::kGreedy}, {"beam", DecoderOptions::Kind::kBeam}};
  add.Add("--decoding", "METHOD", &options->decoding, "beam with a language model, else greedy",
          "How streams are decoded whose client does not say: greedy or beam.")
      ->transform(CLI::CheckedTransformer(kinds).description(""));
  add.Add("--device", "DEVICE", &options->device,
          "What runs the encoder: cpu; cuda or cuda:N, a GPU; auto: a GPU if this installation has "
          "CUDA and the machine one, else the processor.")
      ->check(CheckDevice);
  add.Add("--workers", "N", &options->workers, "0 (one a core)", "Model threads of each model.")
      ->check(CLI::Range(0, 1024));
  add.Add("--max-streams", "N", &options->max_streams,
          "0 (by the model's size: 51 a worker for M, if memory allows; on a GPU, 1000)",
          "Streams of each model that may be open. More get RESOURCE_EXHAUSTED and when to try "
          "again. Memory for their states is reserved at the start: see ListModels.")
      ->check(CLI::Range(0, 1000000));
  add.Add("--device-streams", "N", &options->device_streams, "0 (as many as fit)",
          "On a GPU: streams of each model whose states are in its memory. Beyond that, those that "
          "were silent longest wait in the host's, and come back when they are heard again.")
      ->check(CLI::Range(0, 1000000));
  add.Add("--chunk-ms", "MS", &options->chunk_ms,
          "Audio the encoder takes at a time if the client does not say: 40, 80, 160, 320 or 640. "
          "Less answers sooner, more is more accurate.")
      ->check(CLI::IsMember({40, 80, 160, 320, 640}));
  add.Add("--max-batch", "N", &options->max_batch, "64; on a GPU, 1024",
          "Chunks of audio in one step of the model, all streams together.")
      ->check(CLI::Range(1, 4096));
  add.Add("--batch-deadline-ms", "MS", &options->batch_deadline_ms,
          "The longest that audio waits for that of other streams, to go through the model "
          "together. 0: it never waits.")
      ->check(CLI::Range(0, 1000));
  add.Add("--max-chunks-per-step", "N", &options->max_chunks_per_step,
          "Chunks of one stream in one step. More makes recordings faster, and live streams wait "
          "longer for them.")
      ->check(CLI::Range(1, 1024));
  add.Add("--pin-workers", "BOOL", &options->pin_workers,
          "Tie each model thread to a core. For a machine that does nothing else.");
  using kernels::MatmulPrecision;
  const std::map<std::string, MatmulPrecision> precisions = {
      {"auto", MatmulPrecision::kAuto},
      {"float", MatmulPrecision::kFloat},
      {"bfloat16", MatmulPrecision::kBFloat16},
      {"int8", MatmulPrecision::kInt8}};
  add.Add("--precision", "TYPE", &options->precision, "auto",
          "What the encoder multiplies in: float, bfloat16, int8 (processors with AVX-512 VNNI). "
          "auto: the fastest of them that the device has; int8 costs no words where that was "
          "measured (docs/decisions/011).")
      ->transform(CLI::CheckedTransformer(precisions).description(""));
  add.Add("--idle-timeout", "SECONDS", &options->idle_timeout,
          "A stream that sends and reads nothing for so long is closed. 0: never.")
      ->check(CLI::Range(0.0, 86400.0));
  add.Add("--drain-timeout", "SECONDS", &options->drain_timeout,
          "How long open streams may go on after SIGTERM.")
      ->check(CLI::Range(0.0, 86400.0));
  add.Add("--max-connection-age", "SECONDS", &options->max_connection_age,
          "Clients are asked to connect anew after so long, which leads some of their next streams "
          "to "
          "servers that have been added; open streams stay. 0: never.")
      ->check(CLI::Range(0, 1000000));
  add.Add("--max-message-bytes", "BYTES", &options->max_message_bytes,
          "The largest message a client may send; for Recognize, the whole recording.")
      ->check(CLI::Range(1024, kMaxInt));
  add.Add("--max-metadata-bytes", "BYTES", &options->max_metadata_bytes,
          "The most metadata (HTTP/2 headers) that a call may have.")
      ->check(CLI::Range(1024, 1 << 20));
  add.Add("--max-audio-seconds", "SECONDS", &options->max_audio_seconds,
          "The longest recording for Recognize and Transcribe. 0: any.")
      ->check(CLI::Range(0, 1000000));
  add.Add("--max-stream-seconds", "SECONDS", &options->max_stream_seconds,
          "The most audio of one StreamingRecognize; then it gets its final results and "
          "OUT_OF_RANGE. 0: any.")
      ->check(CLI::Range(0, 100000000));
  add.Add("--queue-seconds", "SECONDS", &options->queue_seconds,
          "Audio of one stream that may wait for the model; then the server reads no more of it "
          "until it has caught up.")
      ->check(CLI::Range(1, kMaxQueueSeconds));
  add.Add("--reflection", "BOOL", &options->reflection,
          "Tell tools such as grpcurl about the services (gRPC server reflection).");
  add.Add("--metrics-listen", "IP:PORT", &options->metrics_listen, "none: no metrics",
          "Where Prometheus reads http://IP:PORT/metrics: plain text, without a password.");
  const std::map<std::string, LogLevel> levels = {{"debug", LogLevel::kDebug},
                                                  {"info", LogLevel::kInfo},
                                                  {"warning", LogLevel::kWarning},
                                                  {"error", LogLevel::kError}};
  add.Add("--log-level", "LEVEL", &options->log_level, "info",
          "The least that is logged: debug, info, warning or error.")
      ->transform(CLI::CheckedTransformer(levels).description(""));
  const std::map<std::string, LogFormat> formats = {{"text", LogFormat::kText},
                                                    {"json", LogFormat::kJson}};
  add.Add("--log-format", "FORMAT", &options->log_format, "text",
          "Lines of text or of json, on standard error.")
      ->transform(CLI::CheckedTransformer(formats).description(""));
  add.Add(
      "--log-transcripts", "BOOL", &options->log_transcripts,
      "Write what was said into the log: a line each final result. Mind whose words these are.");
  app->set_config("--config", "", "A TOML file of these keys, without the dashes: listen = \"...\"")
      ->check(CheckNotEmpty);
  app->allow_config_extras(CLI::config_extras_mode::error);
  return rows;
}

std::string OptionsTable(const std::vector<OptionRow>& rows) {
  std::string table = "| key | default | meaning |\n|---|---|---|\n";
  for (const OptionRow& row : rows) {
    table += "| `" + row.flag + "` | " + row.fallback + " | " + row.meaning + " |\n";
  }
  return table;
}

}  // namespace rill::server
