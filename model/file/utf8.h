// Whether a string is well-formed UTF-8 (Unicode 15, table 3-7). Pure function; any thread.
#pragma once

#include <string>

namespace rill {

bool IsValidUtf8(const std::string& text);

}  // namespace rill
