// What a command reads and writes; tests have their own. Thread rule: commands say which of their
// threads write.
#pragma once

#include <atomic>
#include <functional>
#include <ostream>

namespace rill::client {

struct Io {
  int in = 0;  // file descriptor
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  std::function<int()> columns = [] { return 80; };  // of the terminal at `out`
  // Set by Ctrl-C, and by a command whose call is over: input ends.
  std::atomic<bool>* stop;
};

}  // namespace rill::client
