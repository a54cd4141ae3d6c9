#include "server/services/status.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "rill/wire/rpc_status.pb.h"

namespace rill::server {
namespace {

TEST(StatusTest, KeepsCodeAndMessage) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  const grpc::Status status = ToGrpcStatus(absl::NotFoundError("config.model: none"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "config.model: none");
  EXPECT_TRUE(status.error_details().empty());
}

// The bytes that clients of google.rpc expect, written out from its definition.
TEST(StatusTest, RetryInfoIsGooglesOnTheWire) {
  const grpc::Status status = ToGrpcStatus(
      WithRetryDelay(absl::ResourceExhaustedError("full"), std::chrono::milliseconds(1500)));
  const auto field = [](char tag, const std::string& bytes) {
    return absl::StrCat(std::string{tag, static_cast<char>(bytes.size())}, bytes);
  };
  const std::string duration("\x08\x01\x10\x80\xca\xb5\xee\x01");  // 1 s, 500,000,000 ns
  const std::string any = absl::StrCat(field(0x0a, "type.googleapis.com/google.rpc.RetryInfo"),
                                       field(0x12, field(0x0a, duration)));
  const std::string expected =
      absl::StrCat(std::string("\x08\x08"), field(0x12, "full"), field(0x1a, any));
  EXPECT_EQ(status.error_details(), expected);
}

}  // namespace
}  // namespace rill::server
