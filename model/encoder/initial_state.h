// The state of a stream that has heard nothing, the same on every device. Pure function; any
// thread.
#pragma once

#include <vector>

#include "model/encoder/state_arena.h"
#include "model/file/model_file.h"

namespace rill {

// [layout.total]: each attention state's z is softplus(sink), all else is zero.
std::vector<float> InitialState(const ModelFile& file, const StateLayout& layout);

}  // namespace rill
