// What became of interim results. Pure functions; any thread.
#pragma once

#include <vector>

#include "model/recognizer.h"

namespace rill {

struct JudgedInterim {
  StreamEvent event;
  std::vector<bool> survives;  // each word: whether the final has it at the same place
  double survivors() const;    // the share of the words
};

struct InterimHistory {
  std::vector<JudgedInterim> interims;
  // Each time that a result followed an interim one: how many words at its end were taken back.
  std::vector<int> taken_back;
};

// Of one stream. Interim results that no final followed are left out.
InterimHistory JudgeInterims(const std::vector<StreamEvent>& events);

}  // namespace rill
