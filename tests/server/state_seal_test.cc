// States are sealed and opened with one key, and nothing else opens.
#include "server/security/state_seal.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace rill::server {
namespace {

using testing::HasSubstr;

TEST(StateSealTest, OpensWhatItSealedAndNothingElse) {
  const StateSeal seal = *StateSeal::Random();
  for (const std::string& state : {std::string(), std::string(1000, 's')}) {
    const std::string sealed = seal.Seal(state);
    ASSERT_TRUE(seal.Open(sealed).ok());
    EXPECT_EQ(*seal.Open(sealed), state);
    for (size_t at = 0; at < sealed.size(); at += 7) {
      std::string changed = sealed;
      changed[at] ^= 1;
      EXPECT_EQ(seal.Open(changed).status().code(), absl::StatusCode::kPermissionDenied) << at;
    }
    EXPECT_FALSE(seal.Open(sealed.substr(1)).ok());
    EXPECT_FALSE(seal.Open(sealed + "x").ok());
    EXPECT_FALSE(StateSeal::Random()->Open(sealed).ok()) << "another process";
  }
  EXPECT_FALSE(seal.Open("").ok());
}

TEST(StateSealTest, TheHashIsThatOfEveryOtherTool) {
  const TemporaryFolder folder;
  std::ofstream(folder / "key") << std::string(32, 'k');
  const auto seal = StateSeal::FromFile(folder / "key");
  ASSERT_TRUE(seal.ok()) << seal.status();
  // printf state | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
  const std::string hash = seal->Seal("state").substr(5);
  std::string hexadecimal;
  for (const unsigned char byte : hash) {
    hexadecimal += "0123456789abcdef"[byte >> 4];
    hexadecimal += "0123456789abcdef"[byte & 15];
  }
  EXPECT_EQ(hexadecimal, "b81c2718a28c352aba9a9c2e038c56217fbffa941e1f00f0fd33ef228f3143ec");
}

TEST(StateSealTest, AKeyThatIsNoneIsNamed) {
  const TemporaryFolder folder;
  std::ofstream(folder / "short") << std::string(31, 'k');
  std::ofstream(folder / "long") << std::string(4097, 'k');
  for (const std::string& path :
       {folder / "short", folder / "long", folder / "none", folder / ""}) {
    const auto seal = StateSeal::FromFile(path);
    ASSERT_EQ(seal.status().code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_THAT(std::string(seal.status().message()), HasSubstr("--state-key-file " + path));
  }
}

}  // namespace
}  // namespace rill::server
