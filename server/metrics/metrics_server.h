// Serves a metrics page at http://ADDRESS:PORT/metrics, on two threads of its own. Any thread.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace rill::server {

class MetricsServer {
 public:
  // `address`: IP:PORT; port 0: one that is free. Unavailable: cannot be listened to.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
      const std::string& address, std::shared_ptr<prometheus::Collectable> page);

  int port() const;

 private:
  explicit MetricsServer(const std::string& address) : exposer_(address) {}

  std::shared_ptr<prometheus::Collectable> page_;
  prometheus::Exposer exposer_;
};

}  // namespace rill::server
