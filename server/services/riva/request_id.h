// The client's name of a call, which comes back in each response. Pure function; any thread.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "riva/proto/riva_common.pb.h"
#include "server/services/invalid_field.h"

namespace rill::server::riva {

inline constexpr size_t kMaxIdBytes = 1024;

// InvalidArgument: it is too long to be sent with each response.
inline absl::Status CheckId(const nvidia::riva::RequestId& id) {
  if (id.value().size() <= kMaxIdBytes) return absl::OkStatus();
  return InvalidField(
      "id.value", absl::StrCat("has ", id.value().size(), " bytes, and may have ", kMaxIdBytes));
}

}  // namespace rill::server::riva
