// Addresses to listen at: whether they are any, and what they let others hear. Pure functions; any
// thread.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace rill::server {

// InvalidArgument unless it is "HOST:PORT", with an IPv6 host in brackets and a port of 0 (any that
// is free) to 65535, or a Unix socket with a name. gRPC would take 65537 for 1, and choose a port
// where none is given.
absl::Status CheckListenAddress(const std::string& address);

// "unix:PATH" or "unix-abstract:NAME": a socket that only programs of this machine reach.
bool IsUnixSocket(const std::string& address);

// A Unix socket or a loopback address: "127.x.x.x:PORT", "[::1]:PORT", "localhost:PORT". Any other
// name counts as one that other machines reach: names can be made to mean anything.
bool StaysOnThisMachine(const std::string& address);

}  // namespace rill::server
