// Where libraries that a program opens at run time are: in ../lib/rill from the program's own
// folder, as they are built and as they are installed. Any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace rill {

// The path of a library, "librill_cuda.so". NotFound names the path if there is none.
absl::StatusOr<std::string> InstalledLibrary(const std::string& name);

}  // namespace rill
