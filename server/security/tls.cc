#include "server/security/tls.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>

#include "absl/strings/str_cat.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace rill::server {
namespace {

template <class T, void (*free)(T*)>
struct Free {
  void operator()(T* pointer) const { free(pointer); }
};
using Bio = std::unique_ptr<BIO, Free<BIO, BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Free<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>>;

// An encrypted key would make OpenSSL ask the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

absl::StatusOr<Bio> Open(const char* flag, const std::string& path) {
  Bio file(BIO_new_file(path.c_str(), "r"));
  if (!file) return absl::NotFoundError(absl::StrCat(flag, " ", path, ": cannot be read"));
  return file;
}

absl::StatusOr<Certificate> ReadCertificate(const char* flag, const std::string& path) {
  auto file = Open(flag, path);
  if (!file.ok()) return file.status();
  Certificate certificate(PEM_read_bio_X509(file->get(), nullptr, NoPassword, nullptr));
  if (!certificate) {
    return absl::InvalidArgumentError(absl::StrCat(flag, " ", path, ": is not a PEM certificate"));
  }
  return certificate;
}

absl::StatusOr<Key> ReadKey(const char* flag, const std::string& path) {
  auto file = Open(flag, path);
  if (!file.ok()) return file.status();
  Key key(PEM_read_bio_PrivateKey(file->get(), nullptr, NoPassword, nullptr));
  if (!key) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " ", path, ": is not an unencrypted PEM private key"));
  }
  return key;
}

}  // namespace

absl::Status CheckTlsFiles(const TlsFiles& files) {
  if (!files.any()) return absl::OkStatus();
  if (files.cert.empty() || files.key.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(files.cert.empty() ? "--cert-file" : "--key-file",
                     ": missing; TLS needs both --cert-file and --key-file"));
  }
  const auto certificate = ReadCertificate("--cert-file", files.cert);
  if (!certificate.ok()) return certificate.status();
  const auto key = ReadKey("--key-file", files.key);
  if (!key.ok()) return key.status();
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--key-file ", files.key, ": is not the key of the certificate in ", files.cert));
  }
  if (files.client_ca.empty()) return absl::OkStatus();
  return ReadCertificate("--client-ca-file", files.client_ca).status();
}

absl::StatusOr<int64_t> CertificateExpiry(const std::string& cert_file) {
  const auto certificate = ReadCertificate("--cert-file", cert_file);
  if (!certificate.ok()) return certificate.status();
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate->get()), &end) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(cert_file, ": has no end of validity"));
  }
  return static_cast<int64_t>(timegm(&end));
}

std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(const TlsFiles& files,
                                                            unsigned refresh_seconds) {
  using grpc::experimental::FileWatcherCertificateProvider;
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<FileWatcherCertificateProvider>(files.key, files.cert, files.client_ca,
                                                       refresh_seconds));
  options.watch_identity_key_cert_pairs();
  if (files.client_ca.empty()) {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  } else {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace rill::server
