#include "model/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"

namespace rill {

ProgressBar::ProgressBar(const std::string& title, double total, bool enabled)
    : title_(title),
      total_(std::max(total, 1e-9)),
      enabled_(enabled),
      terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() {
  if (!enabled_ || !terminal_) return;
  Draw();
  std::fputc('\n', stderr);
}

void ProgressBar::Add(double amount) {
  done_ = std::min(done_ + amount, total_);
  if (!enabled_) return;
  if (terminal_) {
    if (Clock::now() - drawn_ > std::chrono::milliseconds(200)) Draw();
  } else if (static_cast<int>(10 * done_ / total_) > tenth_) {
    tenth_ = static_cast<int>(10 * done_ / total_);
    Draw();
  }
}

void ProgressBar::Draw() {
  constexpr int kWidth = 30;
  drawn_ = Clock::now();
  const double part = done_ / total_;
  const double elapsed = std::chrono::duration<double>(drawn_ - start_).count();
  const std::string left =
      part > 0 ? HumanDuration(elapsed / part * (1 - part)) + " left" : std::string();
  const int filled = static_cast<int>(kWidth * part);
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  // The spaces wipe the rest of a longer line before.
  absl::FPrintF(stderr, terminal_ ? "\r%s [%s] %3.0f %%  %s   " : "%s [%s] %3.0f %%  %s\n", title_,
                bar, 100 * part, left);
  std::fflush(stderr);
}

std::string HumanDuration(double seconds) {
  const int64_t whole = static_cast<int64_t>(seconds + 0.5);
  if (whole >= 3600) return absl::StrFormat("%d h %02d min", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return absl::StrFormat("%d min %02d s", whole / 60, whole % 60);
  return absl::StrFormat("%d s", whole);
}

}  // namespace rill
