// How many cores this process has. Pure but for what the system says; any thread.
#pragma once

#include <string>

namespace rill::server {

// Those it may run on, or fewer if its control group (a container's limit) gives it less time than
// that. At least 1.
int UsableCores(const std::string& cpu_max_file = "/sys/fs/cgroup/cpu.max");

}  // namespace rill::server
