// Runs a model once on every worker before clients come: so that the first of them does not wait
// for memory to be mapped and for kernels to be made.
#pragma once

#include "absl/status/status.h"
#include "server/engine/engine.h"

namespace rill::server {

// Returns when it is done. Any thread; the engine's slots are free again then.
absl::Status WarmUp(Engine* engine, int chunk_frames);

}  // namespace rill::server
