// `rill load`: how many live streams a server carries, and how late its words come. Any thread.
#pragma once

#include <string>
#include <vector>

#include "client/cli/io.h"
#include "client/load/load_test.h"

namespace rill::client {

struct LoadCommand {
  Connection connection;
  LoadOptions options;  // but for its connection
  std::vector<std::string> files;
  double pause_seconds = 1.5;  // after each recording
  bool json = false;

  int Run(Io& io) const;  // the exit code
};

}  // namespace rill::client
