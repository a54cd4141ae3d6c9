// Every setting of rill-server, registered in one place: the same key is a flag, a line of the TOML
// file given with
// --config, and a row of the table in docs/configuration.md. Plain values; any thread.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/decoder/decoder_options.h"
#include "model/encoder/encoder.h"
#include "server/log.h"
#include "server/security/tls.h"

namespace rill::server {

struct ServerOptions {
  std::vector<std::string> listen = {"127.0.0.1:50051"};
  TlsFiles tls;  // of every address in `listen` but Unix sockets
  bool insecure_listen = false;
  std::string token_file;           // empty: everybody may call
  std::string state_key_file;       // empty: streams go on on this server only
  std::vector<std::string> models;  // empty: the one that came with the server
  std::string language_model;       // a file, "none", or empty: the one beside each model
  std::optional<DecoderOptions::Kind> decoding;  // unset: a beam if there is a language model
  std::string device = "auto";
  int workers = 0;         // 0: one a core
  int max_streams = 0;     // 0: by the model's size; on a GPU, 1000
  int device_streams = 0;  // 0: as many as fit
  int chunk_ms = 320;
  int max_batch = 0;  // 0: 64; on a GPU, 1024
  int batch_deadline_ms = 10;
  int max_chunks_per_step = 8;
  bool pin_workers = false;
  kernels::MatmulPrecision precision = kernels::MatmulPrecision::kAuto;
  double idle_timeout = 60;    // seconds; 0: none
  double drain_timeout = 30;   // seconds
  int max_connection_age = 0;  // seconds; 0: none
  int max_message_bytes = 4 << 20;
  int max_metadata_bytes = 8192;
  int max_audio_seconds = 14400;  // of a recording; 0: no limit
  int max_stream_seconds = 0;     // of a live stream; 0: no limit
  int queue_seconds = 30;
  bool reflection = true;
  std::string metrics_listen;  // empty: no metrics
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  bool log_transcripts = false;
};

// A row of the table.
struct OptionRow {
  std::string flag;      // "--listen HOST:PORT"
  std::string fallback;  // "127.0.0.1:50051"
  std::string meaning;
};

// Adds all options to `app`, which will write into *options. Unknown keys in the file are errors.
std::vector<OptionRow> RegisterOptions(CLI::App* app, ServerOptions* options);

// The rows as a Markdown table.
std::string OptionsTable(const std::vector<OptionRow>& rows);

}  // namespace rill::server
