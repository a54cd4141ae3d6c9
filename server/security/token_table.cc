#include "server/security/token_table.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rill::server {
namespace {

constexpr size_t kMaxFileBytes = 16 << 20;

bool ParseHash(absl::string_view hex, TokenHash* hash) {
  if (hex.size() != 2 * hash->size() ||
      !std::all_of(hex.begin(), hex.end(), [](char c) { return absl::ascii_isxdigit(c); })) {
    return false;
  }
  const std::string bytes = absl::HexStringToBytes(hex);
  std::copy(bytes.begin(), bytes.end(), hash->begin());
  return true;
}

}  // namespace

absl::StatusOr<TokenTable> TokenTable::Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  // By read, which does not throw: of a folder it says that it is bad.
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat("--token-file ", path, ": cannot be read"));
  }
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("--token-file ", path, ": is longer than ", kMaxFileBytes, " bytes"));
  }
  return Parse(text, path);
}

absl::StatusOr<TokenTable> TokenTable::Parse(absl::string_view text, const std::string& path) {
  TokenTable table;
  std::set<TokenHash> hashes;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const auto wrong = [&](absl::string_view problem) {
      return absl::InvalidArgumentError(
          absl::StrCat("--token-file ", path, ", line ", number, ": ", problem,
                       "; a line is NAME SHA256-IN-HEX [MAX-STREAMS], see `rill-server token`"));
    };
    const std::vector<absl::string_view> fields =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (fields.size() < 2 || fields.size() > 3) return wrong("has not two or three fields");
    if (!IsTokenName(fields[0])) return wrong("the name has other signs than letters and digits");
    Entry entry;
    entry.owner.name = std::string(fields[0]);
    if (!ParseHash(fields[1], &entry.hash)) return wrong("the hash is not 64 hexadecimal digits");
    if (fields.size() == 3 &&
        (!absl::SimpleAtoi(fields[2], &entry.owner.max_streams) || entry.owner.max_streams < 1)) {
      return wrong("the limit is not a number above 0");
    }
    if (!hashes.insert(entry.hash).second) return wrong("the token is there already");
    table.entries_.push_back(std::move(entry));
  }
  return table;
}

const TokenOwner* TokenTable::Find(absl::string_view token) const {
  const TokenHash hash = HashToken(token);
  const TokenOwner* owner = nullptr;
  // All of them, found or not: the time taken tells nothing.
  for (const Entry& entry : entries_) {
    if (CRYPTO_memcmp(entry.hash.data(), hash.data(), hash.size()) == 0) owner = &entry.owner;
  }
  return owner;
}

}  // namespace rill::server
