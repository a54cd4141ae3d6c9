// The options of a stream within its state: a stream can only go on with those it began with.
#pragma once

#include "absl/status/status.h"
#include "model/recognizer.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

// All that the words and events depend on, but for the hot words, which may change.
void SaveOptions(const StreamOptions& options, StateWriter& writer);

// InvalidArgument unless the options that come next are these.
absl::Status CheckOptions(const StreamOptions& options, StateReader& reader);

}  // namespace rill
