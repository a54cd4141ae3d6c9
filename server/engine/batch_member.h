// What a model thread needs of a stream that takes part in its batches.
#pragma once

#include <chrono>

#include "model/recognizer.h"

namespace rill::server {

class BatchMember {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~BatchMember() = default;

  virtual RecognitionStream* stream() = 0;

  // Model thread, after a step this stream was part of, which began at `began`: takes its events.
  // True if it wants another step.
  virtual bool AfterStep(TimePoint began) = 0;

  // Model thread, instead of AfterStep: the step failed, and the stream with it.
  virtual void FailStep(const absl::Status& status) = 0;
};

}  // namespace rill::server
