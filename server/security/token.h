// Bearer tokens: 256 random bits, of which a server only ever keeps the SHA-256. No salt and no
// slow hash: nobody can guess a token. Pure functions; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rill::server {

using TokenHash = std::array<uint8_t, 32>;

TokenHash HashToken(absl::string_view token);

// A new token, 43 letters of base64url. Internal: the system has no randomness.
absl::StatusOr<std::string> NewToken();

// Names that logs and files can carry: 1 to 64 letters, digits, '.', '_', '-', '@'.
bool IsTokenName(absl::string_view name);

// The line of a token file for it; max_streams 0: as many as the server has.
std::string TokenLine(absl::string_view name, absl::string_view token, int max_streams);

}  // namespace rill::server
