// How much memory this process may use. Pure but for what the system says; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace rill::server {

// In bytes: the machine's, or less if its control group (a container's limit) allows less.
int64_t UsableMemory(const std::string& memory_max_file = "/sys/fs/cgroup/memory.max");

}  // namespace rill::server
