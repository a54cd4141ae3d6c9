// The tokens that a server takes, as a file lists them:
//
//   # name   SHA-256 of the token, in hex                                      streams at a time
//   alice    5e884898da28047151d0e56f8dc6292773603d0d6aabbd62a11ef721d1542d8a  20
//   batch    ...
//
// Without a number: as many streams as the server has. A name may stand on several lines, so that a
// new token can be given out before the old one goes. Immutable; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/security/token.h"

namespace rill::server {

// Whose a token is, and what it may.
struct TokenOwner {
  std::string name;
  int max_streams = 0;  // at a time; 0: no limit of its own
};

class TokenTable {
 public:
  // NotFound, InvalidArgument: the message names the file and the line. No tokens is no error:
  // nobody gets in.
  static absl::StatusOr<TokenTable> Read(const std::string& path);
  static absl::StatusOr<TokenTable> Parse(absl::string_view text, const std::string& path);

  // Null: nobody's. Takes as long for a token that is nearly right as for any other.
  const TokenOwner* Find(absl::string_view token) const;

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    TokenHash hash;
    TokenOwner owner;
  };
  std::vector<Entry> entries_;
};

}  // namespace rill::server
