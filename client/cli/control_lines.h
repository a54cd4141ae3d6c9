// The lines that steer a live stream, `rill stream --control`. Each is a request:
//
//   flush                                   what was said so far becomes final
//   hot-words PHRASE[=BOOST], PHRASE, ...   from now on these; none: no hot words any more
//
// Thread rule: one thread at a time; `stop` may be set from anywhere and ends the lines within a
// tenth of a second.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "rill/v1/rill.pb.h"

namespace rill::client {

class ControlLines {
 public:
  using Request = v1::StreamingRecognizeRequest;

  // A file descriptor and what stops reading it; not owned.
  ControlLines(int fd, const std::atomic<bool>* stop) : fd_(fd), stop_(stop) {}

  // Waits for the next line that is not blank. Flushes are numbered from 1. Nullopt: there are no
  // more lines. InvalidArgument: this line asks for nothing known, the next one may; Unknown: the
  // input cannot be read.
  std::optional<absl::StatusOr<Request>> Next();

 private:
  // Nullopt as Next's. The last line needs no line feed.
  std::optional<absl::StatusOr<std::string>> NextLine();
  absl::StatusOr<Request> Parse(const std::string& line);

  const int fd_;
  const std::atomic<bool>* stop_;
  std::string unread_;  // of the input so far
  bool over_ = false;   // no more input
  uint64_t flushes_ = 0;
};

}  // namespace rill::client
