// rill-server as a process of its own, on a tiny model, with its log read until it listens.
#pragma once

#include <string>
#include <vector>

#include "tests/integration/process.h"

namespace rill {

class ServerProcess {
 public:
  // `arguments` come after those for the model and a free port of this machine. Fails the test if
  // it does not start.
  ServerProcess(const std::string& model, const std::vector<std::string>& arguments = {});

  int port() const { return port_; }
  std::string address(const std::string& host = "127.0.0.1") const {
    return host + ":" + std::to_string(port_);
  }
  Process& process() { return process_; }

 private:
  Process process_;
  int port_ = 0;
};

}  // namespace rill
