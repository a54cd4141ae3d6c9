// Counts what a piece of code allocates with new: for benchmarks, which say how much working memory
// an algorithm takes. Linking peak_memory.cc replaces the program's operator new. Any thread, but
// the count is the whole program's.
#pragma once

#include <cstdint>
#include <functional>

namespace rill::bench {

// The most bytes that were live at once, above those live before, while `work` ran in a thread of
// its own: so that scratch which a library keeps for each thread is counted too.
int64_t PeakBytes(const std::function<void()>& work);

}  // namespace rill::bench
