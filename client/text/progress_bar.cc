#include "client/text/progress_bar.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace rill::client {
namespace {

constexpr int kCells = 30;
constexpr auto kMinInterval = std::chrono::milliseconds(100);
constexpr char kClearLine[] = "\r\x1b[K";

}  // namespace

ProgressBar::ProgressBar(std::ostream* out, Clock* clock, int files, double seconds)
    : out_(out),
      clock_(clock),
      files_(files),
      total_seconds_(seconds),
      start_(clock->Now()),
      drawn_(start_ - kMinInterval) {}

ProgressBar::~ProgressBar() {
  if (out_ != nullptr) *out_ << kClearLine << std::flush;
}

void ProgressBar::AddSeconds(double seconds) {
  std::lock_guard lock(mutex_);
  seconds_done_ += seconds;
  Draw(/*now=*/false);
}

void ProgressBar::FileDone() {
  std::lock_guard lock(mutex_);
  ++files_done_;
  Draw(/*now=*/true);
}

void ProgressBar::Print(std::ostream& out, const std::string& line) {
  std::lock_guard lock(mutex_);
  if (out_ != nullptr) *out_ << kClearLine << std::flush;
  out << line << std::flush;
  Draw(/*now=*/true);
}

void ProgressBar::Draw(bool now) {
  if (out_ == nullptr) return;
  const Clock::Time time = clock_->Now();
  if (!now && time - drawn_ < kMinInterval) return;
  drawn_ = time;
  const double elapsed = std::chrono::duration<double>(time - start_).count();
  const double part =
      total_seconds_ > 0 ? std::clamp(seconds_done_ / total_seconds_, 0.0, 1.0) : 0.0;
  const int cells = static_cast<int>(part * kCells);
  *out_ << kClearLine
        << absl::StrFormat("[%s%s] %3.0f %%  %d/%d files  %.1f x real time",
                           std::string(cells, '#'), std::string(kCells - cells, '.'), part * 100,
                           files_done_, files_, elapsed > 0 ? seconds_done_ / elapsed : 0.0)
        << std::flush;
}

}  // namespace rill::client
