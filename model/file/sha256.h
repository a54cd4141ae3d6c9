// SHA-256 (FIPS 180-4) of a block of memory: the name by which a model file is known. Pure
// function; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/types/span.h"

namespace rill {

// 64 lower-case hexadecimal digits.
std::string Sha256Hex(absl::Span<const uint8_t> bytes);

}  // namespace rill
