// The options of `rill` that say how to reach the server: the same for every command, before or
// after its name. Any thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "client/connection.h"

namespace rill::client {

struct ConnectionOptions {
  Connection connection;
  std::string token_file;

  // Adds the options to `app`; this outlives it.
  void AddTo(CLI::App* app);
  // After the command line was read: takes the token out of its file. InvalidArgument names it.
  absl::Status Finish();
};

// Of an option that takes a server.
CLI::Validator IsServerAddress();

// Their help, for the end of each command's own.
std::string ConnectionHelp(const CLI::App& app);

}  // namespace rill::client
