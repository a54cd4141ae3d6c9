#include "client/text/timestamp.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace rill::client {

std::string FormatTimestamp(int64_t ms, char point) {
  ms = std::max<int64_t>(0, ms);
  return absl::StrFormat("%02d:%02d:%02d%c%03d", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                         point, ms % 1000);
}

}  // namespace rill::client
