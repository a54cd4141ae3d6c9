// The learning rate over a run: a linear warm-up over steps, then a constant rate, then (unless the
// run is open-ended) a straight line down to 0 at its end. How far a run has come is measured in
// audio, in wall time, so that a run on a shared machine ends when it was told to, or in steps, so
// that runs can be compared.
//
// Thread rule: a plain value; any thread.
#pragma once

#include <cstdint>

namespace rill::training {

struct Schedule {
  double peak_rate = 2.5e-3;
  int64_t warmup_steps = 200;
  double constant_share = 0.3;  // of the run; then linear to 0
  bool open_ended = false;      // constant to the end

  // Where the run ends; 0: not by this measure. With several, the one that comes first.
  double audio_seconds = 0;
  double wall_seconds = 0;
  int64_t steps = 0;

  // 0 at the start, 1 (or more) at the end. 0 for ever if no end is given.
  double Progress(double audio_seconds_done, double wall_seconds_done, int64_t steps_done) const;

  // The rate of step `step` (from 0). 0 from progress 1 on, unless open_ended.
  double Rate(int64_t step, double progress) const;
};

}  // namespace rill::training
