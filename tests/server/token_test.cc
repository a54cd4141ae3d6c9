// Tokens, their file, and the streams they may have.
#include "server/security/token.h"

#include <gmock/gmock.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "server/security/stream_quota.h"
#include "server/security/token_table.h"

namespace rill::server {
namespace {

using testing::HasSubstr;

TEST(TokenTest, TheHashIsThatOfEveryOtherTool) {
  // printf %s token | sha256sum
  EXPECT_EQ(TokenLine("alice", "token", 0),
            "alice 3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0");
  EXPECT_THAT(TokenLine("alice", "token", 7), HasSubstr("53e0 7"));
}

TEST(TokenTest, NewOnesAreAllDifferentAndFitIntoAHeader) {
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) {
    const std::string token = *NewToken();
    EXPECT_EQ(token.size(), 43u);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_"),
              std::string::npos);
    EXPECT_TRUE(tokens.insert(token).second);
  }
}

TEST(TokenTableTest, FindsTheOwnerAndNobodyElse) {
  const std::string first = *NewToken(), second = *NewToken(), other = *NewToken();
  const auto table =
      TokenTable::Parse("# ours\n\n" + TokenLine("alice", first, 0) + "\r\n\t" +
                            TokenLine("bob", second, 3) + "  \n" + TokenLine("alice", other, 2),
                        "tokens");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->size(), 3u);
  EXPECT_EQ(table->Find(first)->name, "alice");
  EXPECT_EQ(table->Find(first)->max_streams, 0);
  EXPECT_EQ(table->Find(second)->name, "bob");
  EXPECT_EQ(table->Find(second)->max_streams, 3);
  EXPECT_EQ(table->Find(other)->name, "alice");
  for (const std::string& wrong :
       {std::string(), first.substr(1), first + "x", *NewToken(), std::string("alice")}) {
    EXPECT_EQ(table->Find(wrong), nullptr);
  }
  EXPECT_EQ(TokenTable::Parse("", "tokens")->Find(""), nullptr);
}

TEST(TokenTableTest, ErrorsNameTheFileAndTheLine) {
  const std::string hash(64, 'a');
  for (const std::string& line :
       {std::string("alice"), "alice " + hash.substr(1), "alice " + hash + "0", "al/ice " + hash,
        "alice " + std::string(64, 'g'), "alice " + hash + " x", "alice " + hash + " 0",
        "alice " + hash + " -1", "alice " + hash + " 3 4", "alice " + hash + " 99999999999",
        std::string(65, 'a') + " " + hash, hash, "bob " + std::string(64, 'b')}) {
    const auto table =
        TokenTable::Parse("bob " + std::string(64, 'b') + "\n" + line + "\n", "/etc/tokens");
    EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(std::string(table.status().message()), HasSubstr("/etc/tokens, line 2: ")) << line;
  }
  for (const char* path : {"no-such-file", "/"}) {
    EXPECT_EQ(TokenTable::Read(path).status(),
              absl::NotFoundError(absl::StrCat("--token-file ", path, ": cannot be read")));
  }
  EXPECT_THAT(std::string(TokenTable::Read("/dev/zero").status().message()),
              HasSubstr("is longer than"));
}

TEST(StreamQuotaTest, CountsEachCallerForItself) {
  StreamQuota quota;
  const TokenOwner alice{"alice", 2}, bob{"bob", 1}, anyone{"", 0};
  auto first = quota.Take(alice), second = quota.Take(alice);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(quota.Take(alice).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(quota.Take(alice).status().message()), HasSubstr("'alice'"));
  EXPECT_TRUE(quota.Take(bob).ok());
  EXPECT_TRUE(quota.Take(bob).ok());  // the one before was given back at once
  first->reset();
  EXPECT_TRUE(quota.Take(alice).ok());
  std::vector<std::unique_ptr<StreamQuota::Lease>> many;
  for (int i = 0; i < 1000; ++i) many.push_back(*quota.Take(anyone));
}

TEST(StreamQuotaTest, ALeaseMayOutliveTheQuota) {
  std::unique_ptr<StreamQuota::Lease> lease;
  {
    StreamQuota quota;
    lease = *quota.Take({"alice", 1});
  }
  lease.reset();
}

}  // namespace
}  // namespace rill::server
