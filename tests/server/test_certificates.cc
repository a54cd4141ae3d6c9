#include "tests/server/test_certificates.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <fstream>

namespace rill::server {
namespace {

std::string Pem(const std::function<int(BIO*)>& write) {
  BIO* memory = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(memory), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  const std::string text(data, size);
  BIO_free_all(memory);
  return text;
}

std::string Pem(X509* certificate) {
  return Pem([&](BIO* to) { return PEM_write_bio_X509(to, certificate); });
}

void Extend(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  ASSERT_NE(extension, nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer` with `issuer_key`, or by itself if there is none.
X509* Make(const std::string& name, int days, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  static std::atomic<long> serial{1};
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * days);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const uint8_t*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate));
  X509_set_pubkey(certificate, key);
  if (issuer) {
    Extend(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  } else {
    Extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
  }
  EXPECT_GT(X509_sign(certificate, issuer_key ? issuer_key : key, EVP_sha256()), 0);
  return certificate;
}

}  // namespace

struct TestAuthority::Impl {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = nullptr;
};

TestAuthority::TestAuthority(const std::string& name) : impl_(std::make_unique<Impl>()) {
  impl_->certificate = Make(name, 30, impl_->key, nullptr, nullptr);
  cert_ = Pem(impl_->certificate);
}

TestAuthority::~TestAuthority() {
  X509_free(impl_->certificate);
  EVP_PKEY_free(impl_->key);
}

TestAuthority::Pair TestAuthority::Issue(const std::string& name, int days) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = Make(name, days, key, impl_->certificate, impl_->key);
  Pair pair{Pem(certificate), Pem([&](BIO* to) {
              return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
            })};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return pair;
}

void ReplaceFile(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::ofstream(fresh) << text;
  ASSERT_EQ(std::rename(fresh.c_str(), path.c_str()), 0);
}

}  // namespace rill::server
