// What an address to listen at lets others hear. Pure functions; any thread.
#pragma once

#include <string>

namespace rill::server {

// "unix:PATH" or "unix-abstract:NAME": a socket that only programs of this machine reach.
bool IsUnixSocket(const std::string& address);

// A Unix socket or a loopback address: "127.x.x.x:PORT", "[::1]:PORT", "localhost:PORT". Any other
// name counts as one that other machines reach: names can be made to mean anything.
bool StaysOnThisMachine(const std::string& address);

}  // namespace rill::server
