#include "server/security/listen_address.h"

#include <gmock/gmock.h>

namespace rill::server {
namespace {

TEST(ListenAddressTest, LoopbackAndUnixSocketsStayOnThisMachine) {
  for (const char* address :
       {"127.0.0.1:50051", "127.255.0.3:0", "localhost:50051", "[::1]:50051", "unix:/run/rill.sock",
        "unix:rill.sock", "unix:///run/rill.sock", "unix-abstract:rill"}) {
    EXPECT_TRUE(StaysOnThisMachine(address)) << address;
  }
}

TEST(ListenAddressTest, EverythingElseMayBeHeardElsewhere) {
  for (const char* address :
       {"0.0.0.0:50051", "[::]:50051", ":::50051", "::1:50051", "128.0.0.1:50051", "10.0.0.7:50051",
        "127.0.0.1.example.com:50051", "127.0.0.1@10.0.0.7:50051", "localhost.example.com:50051",
        "server:50051", ":50051", "50051", "", "dns:localhost:50051", "127.1:50051",
        "[::ffff:10.0.0.7]:50051", "Unix:/run/rill.sock"}) {
    EXPECT_FALSE(StaysOnThisMachine(address)) << address;
  }
}

TEST(ListenAddressTest, APortIsANumberThatPortsHave) {
  for (const char* address : {"127.0.0.1:0", "0.0.0.0:65535", "[::]:50051", "localhost:50051",
                              "speech.example.com:1", "unix:/run/rill.sock", "unix-abstract:r"}) {
    EXPECT_TRUE(CheckListenAddress(address).ok()) << address;
  }
  for (const char* address :
       {"", ":", "50051", ":50051", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:http", "127.0.0.1:50051x", "::1:50051", "[::1]", "dns:localhost:50051",
        "unix:", "unix-abstract:"}) {
    const absl::Status status = CheckListenAddress(address);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(std::string(status.message()),
                testing::HasSubstr(std::string("--listen '") + address + "'"));
  }
}

}  // namespace
}  // namespace rill::server
