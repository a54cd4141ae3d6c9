// rill-server's command line, configuration file and token file. Input: arguments, a line each, up
// to a line "--"; then the file's text.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "server/options.h"
#include "server/security/listen_address.h"
#include "server/security/token_table.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rill;
  static auto& file = *new MemoryFile;
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(input, absl::MaxSplits("--\n", 1));
  file.Write(parts.second);
  (void)server::TokenTable::Parse(parts.second, "tokens");

  std::vector<std::string> arguments = {"--config", file.path()};
  for (const absl::string_view line : absl::StrSplit(parts.first, '\n', absl::SkipEmpty())) {
    arguments.emplace_back(line);
  }
  std::reverse(arguments.begin(), arguments.end());
  CLI::App app;
  server::ServerOptions options;
  server::RegisterOptions(&app, &options);
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError&) {
    return 0;  // what main() answers with a line and an exit code; anything else would end it
  }
  Expect(options.workers >= 0 && options.max_streams >= 0, "counts are in range");
  Expect(options.idle_timeout >= 0 && options.drain_timeout >= 0, "times are in range");
  for (const std::string& address : options.listen) {
    server::StaysOnThisMachine(address);
    (void)server::CheckListenAddress(address);
  }
  return 0;
}
