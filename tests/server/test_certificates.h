// Certificates for tests: an authority that signs for servers on this machine and for clients.
#pragma once

#include <memory>
#include <string>

#include "server/security/tls.h"

namespace rill::server {

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  ~TestAuthority();

  struct Pair {
    std::string cert, key;  // PEM
  };
  // Good for "localhost" and 127.0.0.1, from an hour ago for `days`; `name` is the common name.
  Pair Issue(const std::string& name, int days = 30) const;
  const std::string& cert() const { return cert_; }  // PEM

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string cert_;
};

// Replaces the file at once, as a careful operator does.
void ReplaceFile(const std::string& path, const std::string& text);

}  // namespace rill::server
