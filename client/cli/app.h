// The command line of `rill`: subcommands, options, help. One call at a time.
#pragma once

#include <string>
#include <vector>

#include "client/cli/io.h"

namespace rill::client {

// `arguments` without the program's name. Returns the exit code; never throws.
int RunApp(const std::vector<std::string>& arguments, Io& io);

}  // namespace rill::client
