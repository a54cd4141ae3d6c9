// How to reach a server: its address, TLS, the client's certificate and token. Connection is a
// plain value; the functions are for any thread.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rill::client {

struct Connection {
  // HOST:PORT, unix:PATH or unix-abstract:NAME. A host name with several addresses is several
  // servers: calls go to them in turn.
  std::string server = "127.0.0.1:50051";
  std::vector<std::string> other_servers;  // likewise: where a ResumableStream may go on
  bool tls = false;                        // the files below imply it
  std::string ca_file;    // PEM: who may have signed the server's certificate; empty: as the system
  std::string cert_file;  // PEM: the client's own certificate, for a server that wants one
  std::string key_file;   // its key
  std::string token;      // sent with every call as a bearer token
  bool insecure_token = false;  // also in plain text to another machine

  bool encrypted() const {
    return tls || !ca_file.empty() || !cert_file.empty() || !key_file.empty();
  }
};

// Ok if `server` is an address that a Connection may have.
absl::Status ValidateServerAddress(const std::string& server);

// To connection.server. InvalidArgument names the field at fault: the address, one of the files, a
// token that would go over the network in plain text. Connects with the first call. `own`: over a
// connection of its own, not shared with other channels to the same server.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const Connection& connection,
                                                           bool own = false);

}  // namespace rill::client
