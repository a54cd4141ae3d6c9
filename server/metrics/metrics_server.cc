#include "server/metrics/metrics_server.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rill::server {

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    const std::string& address, std::shared_ptr<prometheus::Collectable> page) {
  try {
    std::unique_ptr<MetricsServer> server(new MetricsServer(address));
    server->page_ = std::move(page);
    server->exposer_.RegisterCollectable(server->page_);
    return server;
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("--metrics-listen ", address,
                                               ": cannot listen there (", error.what(),
                                               "); is it IP:PORT, and is it free?"));
  }
}

int MetricsServer::port() const { return exposer_.GetListeningPorts().front(); }

}  // namespace rill::server
