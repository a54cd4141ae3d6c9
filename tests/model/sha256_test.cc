// SHA-256 against the examples of FIPS 180-4 and NIST's test vectors.
#include "model/file/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace rill {
namespace {

std::string Hash(const std::string& text) {
  return Sha256Hex({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

TEST(Sha256Test, KnownVectors) {
  EXPECT_EQ(Hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hash(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Lengths around the padding's one-block and two-block cases differ from each other.
TEST(Sha256Test, EveryLengthAroundABlockIsItsOwn) {
  std::string previous;
  for (size_t length = 50; length <= 130; ++length) {
    const std::string hash = Hash(std::string(length, '\0'));
    EXPECT_EQ(hash.size(), 64u);
    EXPECT_NE(hash, previous);
    previous = hash;
  }
  EXPECT_EQ(Hash(std::string(64, '\0')),
            "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
}

}  // namespace
}  // namespace rill
