// What a client has written, for a message or the log. Pure function; any thread.
#pragma once

#include <cstddef>
#include <string>

namespace rill::server {

inline std::string Shortened(const std::string& text) {
  constexpr size_t kMaxBytes = 64;
  return text.size() <= kMaxBytes ? text : text.substr(0, kMaxBytes) + "...";
}

}  // namespace rill::server
