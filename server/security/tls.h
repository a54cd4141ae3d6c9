// The server's side of TLS: which files, whether they fit, gRPC's credentials made of them. The
// files are read again when they change, without a restart; connections that are open stay as they
// are. TLS 1.2 and 1.3. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"

namespace rill::server {

// PEM files.
struct TlsFiles {
  std::string cert;       // the server's certificate and what stands between it and the root
  std::string key;        // its private key, not encrypted
  std::string client_ca;  // if given: clients must show a certificate that one of these signed

  bool any() const { return !cert.empty() || !key.empty() || !client_ca.empty(); }
};

// What is wrong with them, naming the flag and the file: missing, not PEM, a key that is not the
// certificate's, one file without the other.
absl::Status CheckTlsFiles(const TlsFiles& files);

// The end of the certificate's validity, in seconds since 1970.
absl::StatusOr<int64_t> CertificateExpiry(const std::string& cert_file);

// Looks at the files every `refresh_seconds`. A pair that is being replaced is taken when both
// files have been; files that cannot be read leave what was there.
std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(const TlsFiles& files,
                                                            unsigned refresh_seconds);

}  // namespace rill::server
