// What a model thread needs of a stream that takes part in its batches.
#pragma once

#include "model/recognizer.h"

namespace rill::server {

class BatchMember {
 public:
  virtual ~BatchMember() = default;

  virtual RecognitionStream* stream() = 0;

  // Model thread, after a step this stream was part of: takes its events. True if it wants another
  // step.
  virtual bool AfterStep() = 0;
};

}  // namespace rill::server
