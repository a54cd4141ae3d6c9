// `rill models` and `rill health`: what a server has, and whether it serves. Any thread.
#pragma once

#include <string>

#include "client/cli/io.h"
#include "client/connection.h"

namespace rill::client {

struct ModelsCommand {
  Connection connection;
  bool json = false;

  int Run(Io& io) const;  // the exit code
};

struct HealthCommand {
  Connection connection;
  std::string service;  // empty: the server as a whole

  int Run(Io& io) const;  // the exit code: kExitOk only if it serves
};

}  // namespace rill::client
