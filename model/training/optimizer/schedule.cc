#include "model/training/optimizer/schedule.h"

#include <algorithm>

namespace rill::training {

double Schedule::Progress(double audio_seconds_done, double wall_seconds_done,
                          int64_t steps_done) const {
  double progress = 0;
  if (audio_seconds > 0) progress = std::max(progress, audio_seconds_done / audio_seconds);
  if (wall_seconds > 0) progress = std::max(progress, wall_seconds_done / wall_seconds);
  if (steps > 0) {
    progress = std::max(progress, static_cast<double>(steps_done) / static_cast<double>(steps));
  }
  return progress;
}

double Schedule::Rate(int64_t step, double progress) const {
  double factor = 1;
  if (step < warmup_steps) {
    factor = static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
  }
  if (!open_ended && progress > constant_share) {
    factor *= std::max(0.0, (1 - progress) / (1 - constant_share));
  }
  return peak_rate * factor;
}

}  // namespace rill::training
