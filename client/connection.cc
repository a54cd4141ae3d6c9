#include "client/connection.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/client_interceptor.h>

#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace rill::client {
namespace {

namespace experimental = grpc::experimental;

constexpr size_t kMaxPemBytes = 1 << 20;

bool IsUnixSocket(const std::string& server) {
  return absl::StartsWith(server, "unix:") || absl::StartsWith(server, "unix-abstract:");
}

// A Unix socket or a loopback address.
bool IsThisMachine(const std::string& server) {
  if (IsUnixSocket(server)) return true;
  const std::string host = server.substr(0, server.rfind(':'));
  in_addr v4{};
  return host == "localhost" || host == "[::1]" ||
         (inet_pton(AF_INET, host.c_str(), &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

absl::StatusOr<std::string> ReadPem(const char* field, const std::string& path) {
  if (path.empty()) return std::string();
  // By read, which does not throw: of a folder there are no bytes.
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxPemBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (!file.is_open() || text.find("-----BEGIN ") == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(field, " ", path, ": is not a PEM file"));
  }
  return text;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const Connection& to) {
  if (!to.encrypted() || IsUnixSocket(to.server)) return grpc::InsecureChannelCredentials();
  if (to.cert_file.empty() != to.key_file.empty()) {
    return absl::InvalidArgumentError("cert file and key file go together: give both");
  }
  grpc::SslCredentialsOptions options;
  const struct {
    const char* field;
    const std::string& path;
    grpc::string* pem;
  } files[] = {{"CA file", to.ca_file, &options.pem_root_certs},
               {"cert file", to.cert_file, &options.pem_cert_chain},
               {"key file", to.key_file, &options.pem_private_key}};
  for (const auto& file : files) {
    auto pem = ReadPem(file.field, file.path);
    if (!pem.ok()) return pem.status();
    *file.pem = *std::move(pem);
  }
  return grpc::SslCredentials(options);
}

// Adds the token to every call.
class TokenInterceptor : public experimental::Interceptor {
 public:
  explicit TokenInterceptor(const std::string* value) : value_(value) {}

  void Intercept(experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->insert({"authorization", *value_});
    }
    methods->Proceed();
  }

 private:
  const std::string* const value_;
};

class TokenInterceptorFactory : public experimental::ClientInterceptorFactoryInterface {
 public:
  explicit TokenInterceptorFactory(const std::string& token) : value_("Bearer " + token) {}
  experimental::Interceptor* CreateClientInterceptor(experimental::ClientRpcInfo*) override {
    return new TokenInterceptor(&value_);
  }

 private:
  const std::string value_;
};

// gRPC ends the process over metadata with other bytes.
bool IsHeaderValue(const std::string& text) {
  for (const char c : text) {
    if (c < 0x21 || c > 0x7e) return false;
  }
  return true;
}

}  // namespace

absl::Status ValidateServerAddress(const std::string& server) {
  if (IsUnixSocket(server) && server.back() != ':') return absl::OkStatus();
  const size_t colon = server.rfind(':');
  int port = 0;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(server.substr(colon + 1), &port) || port < 1 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "server \"", server, "\" is not HOST:PORT (such as 127.0.0.1:50051) or unix:PATH"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const Connection& connection, bool own) {
  if (absl::Status status = ValidateServerAddress(connection.server); !status.ok()) return status;
  if (!IsHeaderValue(connection.token)) {
    return absl::InvalidArgumentError("token: has spaces or other signs that no token has");
  }
  if (!connection.token.empty() && !connection.encrypted() && !connection.insecure_token &&
      !IsThisMachine(connection.server)) {
    return absl::InvalidArgumentError(
        absl::StrCat("token: would go to ", connection.server,
                     " in plain text; use TLS, or --insecure-token if the network is private"));
  }
  auto credentials = Credentials(connection);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round_robin");
  // A server that is switched off says nothing: ask.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  if (own) arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  std::vector<std::unique_ptr<experimental::ClientInterceptorFactoryInterface>> interceptors;
  if (!connection.token.empty()) {
    interceptors.push_back(std::make_unique<TokenInterceptorFactory>(connection.token));
  }
  return experimental::CreateCustomChannelWithInterceptors(connection.server, *credentials,
                                                           arguments, std::move(interceptors));
}

}  // namespace rill::client
