// A hot word as it is typed: PHRASE or PHRASE=BOOST. Pure functions; any thread.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rill/v1/rill.pb.h"

namespace rill::client {

// InvalidArgument, with `text` in its message: there is no phrase, or what follows the last = is no
// boost from -20 to 20. Which letters a phrase may have is for the server's model to say.
absl::StatusOr<v1::HotWord> ParseHotWord(absl::string_view text);

}  // namespace rill::client
