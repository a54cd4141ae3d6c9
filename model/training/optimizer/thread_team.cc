#include "model/training/optimizer/thread_team.h"

#include <ATen/Parallel.h>

#include <exception>

#include "absl/strings/str_cat.h"

namespace rill::training {

ThreadTeam::ThreadTeam(int size) : start_(size + 1), end_(size + 1), results_(size) {
  threads_.reserve(size);
  for (int i = 0; i < size; ++i) threads_.emplace_back([this, i] { Loop(i); });
}

ThreadTeam::~ThreadTeam() {
  work_ = nullptr;
  start_.arrive_and_wait();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status ThreadTeam::Run(const std::function<absl::Status(int)>& work) {
  work_ = &work;
  start_.arrive_and_wait();
  end_.arrive_and_wait();
  for (const absl::Status& result : results_) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

void ThreadTeam::Loop(int index) {
  at::set_num_threads(1);
  while (true) {
    start_.arrive_and_wait();
    if (work_ == nullptr) return;
    try {
      results_[index] = (*work_)(index);
    } catch (const std::exception& error) {
      results_[index] = absl::InternalError(absl::StrCat("training thread: ", error.what()));
    }
    end_.arrive_and_wait();
  }
}

}  // namespace rill::training
