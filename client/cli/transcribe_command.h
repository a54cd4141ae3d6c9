// `rill transcribe`: whole recordings to text, JSON or subtitles, several at a time. Any thread.
#pragma once

#include <string>
#include <vector>

#include "client/cli/io.h"
#include "client/connection.h"
#include "rill/v1/rill.pb.h"

namespace rill::client {

struct TranscribeCommand {
  enum class Format { kText, kJson, kSrt, kVtt };

  Connection connection;
  std::vector<std::string> files;
  v1::RecognitionConfig recognition;
  int jobs = 2;
  Format format = Format::kText;
  double wait_seconds = 60;  // for a place on a server that is full
  std::string output;        // a folder, made if missing; empty: standard output

  int Run(Io& io) const;  // the exit code
};

}  // namespace rill::client
