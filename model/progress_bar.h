// A line on standard error that says how far a long job is and how long it will still take: redrawn
// in place on a terminal, a new line every tenth in a log file. One thread at a time.
#pragma once

#include <chrono>
#include <string>

namespace rill {

class ProgressBar {
 public:
  // Silent if not `enabled`.
  ProgressBar(const std::string& title, double total, bool enabled);
  ~ProgressBar();  // ends the line

  void Add(double amount);

 private:
  using Clock = std::chrono::steady_clock;

  void Draw();

  std::string title_;
  double total_;
  double done_ = 0;
  bool enabled_;
  bool terminal_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_{};
  int tenth_ = 0;
};

// "1 h 02 min", "3 min 05 s", "12 s".
std::string HumanDuration(double seconds);

}  // namespace rill
