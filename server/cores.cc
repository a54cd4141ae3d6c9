#include "server/cores.h"

#include <algorithm>
#include <fstream>
#include <thread>

namespace rill::server {

int UsableCores(const std::string& cpu_max_file) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  // "QUOTA PERIOD" in microseconds, or "max PERIOD".
  std::ifstream file(cpu_max_file);
  double quota = 0, period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return cores;
  return std::max(1, static_cast<int>(std::min<double>(cores, quota / period)));
}

}  // namespace rill::server
