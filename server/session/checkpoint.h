// The state of a stream for its client, and what it covers. Plain value.
#pragma once

#include <cstdint>
#include <string>

namespace rill::server {

struct Checkpoint {
  std::string state;          // sealed
  int64_t requests = 0;       // taken whole since the session was opened
  int64_t request_bytes = 0;  // of the next one's audio or features
  int64_t processed_ms = 0;   // audio that is in it, since the stream's start
  bool moving = false;        // the session takes nothing more
};

}  // namespace rill::server
