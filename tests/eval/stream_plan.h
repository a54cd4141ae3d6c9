// Which clips of a corpus are heard one after the other in one stream. Pure function; any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "model/training/data/manifest.h"

namespace rill::eval {

// Numbers of clips for each stream: as many as make a stream `minutes` long, in the corpus' order.
// A corpus that lasts less is heard again, in other orders, until its one stream does. minutes ==
// 0: a stream a clip.
std::vector<std::vector<size_t>> PlanStreams(const training::Manifest& corpus, double minutes);

}  // namespace rill::eval
