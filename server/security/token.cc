#include "server/security/token.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace rill::server {

TokenHash HashToken(absl::string_view token) {
  TokenHash hash;
  SHA256(reinterpret_cast<const uint8_t*>(token.data()), token.size(), hash.data());
  return hash;
}

absl::StatusOr<std::string> NewToken() {
  uint8_t random[32];
  if (RAND_bytes(random, sizeof(random)) != 1) {
    return absl::InternalError("the system gives no random numbers");
  }
  std::string token;
  absl::WebSafeBase64Escape({reinterpret_cast<const char*>(random), sizeof(random)}, &token);
  return std::string(absl::StripSuffix(token, "="));
}

bool IsTokenName(absl::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-' || c == '@';
  });
}

std::string TokenLine(absl::string_view name, absl::string_view token, int max_streams) {
  const TokenHash hash = HashToken(token);
  std::string line = absl::StrCat(
      name, " ", absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), hash.size()}));
  if (max_streams > 0) absl::StrAppend(&line, " ", max_streams);
  return line;
}

}  // namespace rill::server
