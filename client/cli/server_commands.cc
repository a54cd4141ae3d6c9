#include "client/cli/server_commands.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/exit_code.h"
#include "client/rill_client.h"
#include "client/text/utf8.h"

namespace rill::client {
namespace {

using grpc::health::v1::HealthCheckResponse;

const CallOptions kQuick{.timeout = std::chrono::seconds(10), .stop = {}};

std::string ModelJson(const v1::Model& model) {
  nlohmann::ordered_json json = {
      {"name", model.name()},
      {"default", model.is_default()},
      {"language", model.language()},
      {"description", model.description()},
      {"license", model.license()},
      {"hash", model.hash()},
      {"parameters", model.parameters()},
      {"state_bytes_per_stream", model.state_bytes_per_stream()},
      {"chunk_ms", std::vector<int>(model.chunk_ms().begin(), model.chunk_ms().end())}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string ModelText(const v1::Model& model) {
  std::string text = Printable(model.name());
  if (model.is_default()) text += "  (default)";
  auto line = [&text](const char* name, const std::string& value) {
    if (!value.empty()) absl::StrAppendFormat(&text, "\n  %-18s %s", name, Printable(value));
  };
  line("language", model.language());
  line("description", model.description());
  line("license", model.license());
  line("parameters", absl::StrFormat("%.1f M", model.parameters() / 1e6));
  line("state of a stream", absl::StrFormat("%.1f KiB", model.state_bytes_per_stream() / 1024.0));
  line("chunk, ms", absl::StrJoin(model.chunk_ms(), ", "));
  line("SHA-256", model.hash());
  return text;
}

}  // namespace

int ModelsCommand::Run(Io& io) const {
  auto client = RillClient::Create(connection);
  const auto models = client.ok() ? (*client)->ListModels(kQuick) : client.status();
  if (!models.ok()) {
    io.err << "rill models: " << Explain(models.status(), connection.server) << "\n";
    return client.ok() ? ExitCodeOf(models.status()) : kExitUsage;
  }
  for (const v1::Model& model : *models) {
    io.out << (json ? ModelJson(model) : ModelText(model)) << "\n";
  }
  return kExitOk;
}

int HealthCommand::Run(Io& io) const {
  auto client = RillClient::Create(connection);
  const absl::StatusOr<HealthCheckResponse::ServingStatus> health =
      client.ok() ? (*client)->Health(service, kQuick) : client.status();
  if (!health.ok()) {
    const bool unknown = health.status().code() == absl::StatusCode::kNotFound;
    io.err << "rill health: "
           << (unknown ? absl::StrCat(connection.server, " has no service \"", service, "\"")
                       : Explain(health.status(), connection.server))
           << "\n";
    return client.ok() ? ExitCodeOf(health.status()) : kExitUsage;
  }
  io.out << HealthCheckResponse::ServingStatus_Name(*health) << "\n";
  return *health == HealthCheckResponse::SERVING ? kExitOk : kExitFailed;
}

}  // namespace rill::client
