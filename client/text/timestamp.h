// Times for people. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace rill::client {

// HH:MM:SS.mmm, with `point` before the milliseconds (SubRip wants a comma). Negative times give
// zero.
std::string FormatTimestamp(int64_t ms, char point = '.');

}  // namespace rill::client
