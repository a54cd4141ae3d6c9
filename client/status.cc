#include "client/status.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/cord.h"
#include "rill/wire/rpc_status.pb.h"

namespace rill::client {
namespace {

constexpr char kRetryInfoType[] = "type.googleapis.com/google.rpc.RetryInfo";

}  // namespace

absl::Status ToAbsl(const grpc::Status& status) {
  // gRPC makes up a status for a call that ended without one: when a server behind a proxy died, or
  // when a connection broke just as the call used it.
  if (status.error_code() == grpc::StatusCode::UNKNOWN &&
      (status.error_message() == "No status received" ||
       status.error_message() == "Stream removed")) {
    return absl::UnavailableError("the call was cut off on its way");
  }
  // Both number their codes as google.rpc.Code does.
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  wire::RpcStatus details;
  if (!details.ParseFromString(status.error_details())) return result;
  for (const google::protobuf::Any& detail : details.details()) {
    result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return result;
}

std::optional<std::chrono::milliseconds> RetryDelay(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryInfoType);
  wire::RetryInfo info;
  if (!payload || !info.ParseFromString(std::string(*payload))) return std::nullopt;
  const google::protobuf::Duration& delay = info.retry_delay();
  if (delay.seconds() < 0 || delay.nanos() < 0) return std::chrono::milliseconds(0);
  return std::chrono::milliseconds(std::min<int64_t>(delay.seconds(), 3600) * 1000 +
                                   delay.nanos() / 1000000);
}

}  // namespace rill::client
