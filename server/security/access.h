// Who may call: looks at the bearer token of a call, before anything is done for it. The token file
// is read again when it has changed, at the first call a second or more after the last look, and at
// Reload(); one that cannot be read leaves the tokens that were there, and says so in the log.
// Streams that are open stay. Any thread.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "server/security/token_table.h"

namespace rill::server {

// Who a caller is: the name of the token; else the name in the client's certificate; else nothing.
using Caller = TokenOwner;

class Access {
 public:
  // Everybody may call.
  Access() = default;
  // Only those with a token of this file. Errors as TokenTable::Read.
  static absl::StatusOr<std::unique_ptr<Access>> FromFile(const std::string& path);

  // Unauthenticated: the message says what is missing, and never what is right.
  absl::StatusOr<Caller> Check(const grpc::ServerContextBase& context);

  // Reads the file again, changed or not.
  void Reload();

 private:
  using Clock = std::chrono::steady_clock;

  // What tells one version of a file from another.
  struct Stamp {
    ino_t inode = 0;
    off_t size = 0;
    timespec changed{};
    bool operator==(const Stamp& other) const;
  };

  absl::StatusOr<Caller> Owner(absl::string_view token);
  void ReloadIfChanged();
  void Load(const Stamp& stamp);  // mutex_ held
  Stamp Look() const;

  std::string path_;  // empty: everybody may call
  std::mutex mutex_;
  std::shared_ptr<const TokenTable> table_;  // guarded by mutex_
  Stamp stamp_;                              // guarded by mutex_
  Clock::time_point looked_{};               // guarded by mutex_
};

}  // namespace rill::server
