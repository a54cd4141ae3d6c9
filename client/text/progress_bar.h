// How far a set of recordings has come, on one terminal line, drawn at most ten times a second.
// Thread rule: any thread.
#pragma once

#include <mutex>
#include <ostream>
#include <string>

#include "client/audio/pacer.h"

namespace rill::client {

class ProgressBar {
 public:
  // Draws nothing if `out` is null. `out` and `clock` are not owned.
  ProgressBar(std::ostream* out, Clock* clock, int files, double seconds);
  ~ProgressBar();  // clears the line

  void AddSeconds(double seconds);
  void FileDone();
  // Writes a line above the bar.
  void Print(std::ostream& out, const std::string& line);

 private:
  void Draw(bool now);  // mutex_ is held

  std::mutex mutex_;
  std::ostream* const out_;
  Clock* const clock_;
  const int files_;
  const double total_seconds_;
  const Clock::Time start_;
  Clock::Time drawn_;
  int files_done_ = 0;
  double seconds_done_ = 0;
};

}  // namespace rill::client
