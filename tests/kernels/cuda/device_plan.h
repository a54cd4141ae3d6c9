// The plan of log-mel features on the device, for tests and benchmarks.
#pragma once

#include "kernels/cuda/log_mel.h"
#include "model/features/fbank_frames.h"
#include "model/features/fbank_plan.h"
#include "tests/kernels/cuda/device_array.h"

namespace rill::kernels::cuda {

class DevicePlan {
 public:
  explicit DevicePlan(const FbankPlan& plan)
      : taper_(plan.taper),
        cosines_(plan.cosines),
        sines_(plan.sines),
        weights_(plan.mel.weights),
        order_(plan.order),
        first_(plan.mel.first),
        offset_(plan.mel.offset) {
    view_ = {.window = plan.window,
             .shift = plan.shift,
             .fft_size = plan.fft_size,
             .mel_bins = static_cast<int>(plan.mel.first.size()),
             .preemphasis = static_cast<float>(kPreemphasis),
             .taper = taper_.data(),
             .cosines = cosines_.data(),
             .sines = sines_.data(),
             .order = order_.data(),
             .mel_first = first_.data(),
             .mel_offset = offset_.data(),
             .mel_weights = weights_.data()};
  }
  const LogMelPlan& view() const { return view_; }

 private:
  DeviceArray<float> taper_, cosines_, sines_, weights_;
  DeviceArray<int> order_, first_, offset_;
  LogMelPlan view_;
};

}  // namespace rill::kernels::cuda
