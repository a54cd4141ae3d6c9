#include "server/security/state_seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rill::server {
namespace {

constexpr size_t kHashBytes = 32;
constexpr size_t kMinKeyBytes = 32;
constexpr size_t kMaxKeyBytes = 4096;

}  // namespace

absl::StatusOr<StateSeal> StateSeal::Random() {
  std::string key(kMinKeyBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), static_cast<int>(key.size())) != 1) {
    return absl::InternalError("this system gives no random bytes for the key of stream states");
  }
  return StateSeal(std::move(key));
}

absl::StatusOr<StateSeal> StateSeal::FromFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string key(kMaxKeyBytes + 1, '\0');
  file.read(key.data(), static_cast<std::streamsize>(key.size()));
  key.resize(static_cast<size_t>(file.gcount()));
  if (key.size() < kMinKeyBytes || key.size() > kMaxKeyBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("--state-key-file ", path, ": must be a file of ", kMinKeyBytes, " to ",
                     kMaxKeyBytes, " bytes; make one with: openssl rand -out ", path, " 32"));
  }
  return StateSeal(std::move(key));
}

std::string StateSeal::Hash(absl::string_view state) const {
  unsigned char hash[kHashBytes];
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(state.data()), state.size(), hash, &size);
  return std::string(reinterpret_cast<const char*>(hash), kHashBytes);
}

std::string StateSeal::Seal(std::string state) const {
  state += Hash(state);
  return state;
}

absl::StatusOr<absl::string_view> StateSeal::Open(absl::string_view sealed) const {
  if (sealed.size() >= kHashBytes) {
    const absl::string_view state = sealed.substr(0, sealed.size() - kHashBytes);
    const std::string hash = Hash(state);
    if (CRYPTO_memcmp(hash.data(), sealed.data() + state.size(), kHashBytes) == 0) return state;
  }
  return absl::PermissionDeniedError(
      "state: was not made by a server with this server's --state-key-file");
}

}  // namespace rill::server
