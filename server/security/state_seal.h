// What makes a stream's state tamper-proof while its client holds it: a keyed hash at its end
// (HMAC-SHA256, RFC 2104). It does not hide the state, which is the client's own speech.
// Immutable; any thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rill::server {

class StateSeal {
 public:
  // A random key: only this process can open what it seals. Internal: there is no randomness.
  static absl::StatusOr<StateSeal> Random();

  // The key is the content of a file, 32 to 4,096 bytes, the same on all servers that streams move
  // between. Errors name the file.
  static absl::StatusOr<StateSeal> FromFile(const std::string& path);

  std::string Seal(std::string state) const;

  // The state within `sealed`, as long as that lives. PermissionDenied: it was sealed with another
  // key, or changed since.
  absl::StatusOr<absl::string_view> Open(absl::string_view sealed) const;

 private:
  explicit StateSeal(std::string key) : key_(std::move(key)) {}
  std::string Hash(absl::string_view state) const;

  std::string key_;
};

}  // namespace rill::server
