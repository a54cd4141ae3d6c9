// A fixed team of threads that all run the same function, once each, and then wait: the fork and
// join of every part of a training step. LibTorch's own parallelism is off inside them, so one
// replica costs one core.
//
// Thread rule: Run() is for the thread that made the team.
#pragma once

#include <barrier>
#include <functional>
#include <thread>
#include <vector>

#include "absl/status/status.h"

namespace rill::training {

class ThreadTeam {
 public:
  explicit ThreadTeam(int size);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return static_cast<int>(threads_.size()); }

  // Calls work(0) ... work(size() - 1), each on its own thread, and returns when all have ended.
  // The error is that of the lowest number; an exception becomes an Internal error.
  absl::Status Run(const std::function<absl::Status(int)>& work);

 private:
  void Loop(int index);

  std::barrier<> start_;
  std::barrier<> end_;
  const std::function<absl::Status(int)>* work_ = nullptr;  // null at start_: the thread ends
  std::vector<absl::Status> results_;
  std::vector<std::thread> threads_;
};

}  // namespace rill::training
