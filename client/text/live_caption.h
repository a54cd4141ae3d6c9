// Live results on a terminal: what is heard so far on the last line, written over again and again,
// and what is final above it, with times. Thread rule: one thread at a time.
#pragma once

#include <functional>
#include <ostream>

#include "rill/v1/rill.pb.h"

namespace rill::client {

class LiveCaption {
 public:
  // `columns`: the terminal's width, asked anew for every line. `out` is not owned.
  LiveCaption(std::ostream* out, std::function<int()> columns);
  ~LiveCaption();  // clears the last line

  void Show(const v1::Result& result);
  void Show(const v1::SpeechEvent& event);  // a line above the last one

 private:
  std::ostream* out_;
  std::function<int()> columns_;
  bool line_open_ = false;
};

// "[00:00:01.240 --> 00:00:03.500] text"
std::string FormatResultLine(const v1::Result& result);
// "[00:00:01.240] speech starts"
std::string FormatSpeechEvent(const v1::SpeechEvent& event);

}  // namespace rill::client
