// What the system knows of this process, under the names that every Prometheus client uses. Any
// thread.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace rill::server {

// process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds, process_max_fds,
// process_start_time_seconds. What /proc does not tell is left out.
std::vector<prometheus::MetricFamily> ProcessMetrics();

}  // namespace rill::server
