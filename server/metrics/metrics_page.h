// Everything there is to know about a server in numbers, as Prometheus reads it; docs/metrics.md
// has the list. Reads what the models, sessions and calls have counted; any thread, outlived by
// them.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <atomic>
#include <string>
#include <vector>

#include "server/services/speech_core.h"

namespace rill::server {

class MetricsPage : public prometheus::Collectable {
 public:
  // `cert_file` may be empty. Not owned: `core` and `ready`.
  MetricsPage(const SpeechCore* core, const std::atomic<bool>* ready, std::string cert_file);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const SpeechCore* const core_;
  const std::atomic<bool>* const ready_;
  const std::string cert_file_;
};

}  // namespace rill::server
