#include "tests/integration/server_process.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rill {
namespace {

std::vector<std::string> Command(const std::string& model,
                                 const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {RILL_SERVER_PROGRAM,    "--model",     model,
                                      "--listen=127.0.0.1:0", "--workers=1", "--log-format=json"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

ServerProcess::ServerProcess(const std::string& model, const std::vector<std::string>& arguments)
    : process_(Command(model, arguments)) {
  const bool started = process_.WaitForError("\"port\"") && process_.WaitForError("}\n");
  EXPECT_TRUE(started) << process_.error();
  if (!started) return;
  const std::string& log = process_.error();
  const size_t line = log.rfind('\n', log.find("\"port\"")) + 1;  // 0 if it is the first
  port_ = nlohmann::json::parse(log.substr(line, log.find('\n', line) - line))["port"];
}

}  // namespace rill
