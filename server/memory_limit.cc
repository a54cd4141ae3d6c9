#include "server/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace rill::server {

int64_t UsableMemory(const std::string& memory_max_file) {
  const int64_t machine = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  // Bytes, or "max".
  std::ifstream file(memory_max_file);
  int64_t limit = 0;
  if (!(file >> limit) || limit <= 0) return machine;
  return std::min(machine, limit);
}

}  // namespace rill::server
