// Makes batches ahead of those who ask for them. The batches do not depend on it: it only decides
// when they are made.
//
// Thread rule: Get() from any thread. The destructor waits for the workers; no Get() may run then.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "model/training/data/data_source.h"

namespace rill::training {

class BatchLoader : public BatchSource {
 public:
  using Make = std::function<absl::StatusOr<Batch>(int64_t index)>;  // from any thread

  // `workers` threads (0: Get makes its batch itself) keep up to `ahead` batches that nobody asked
  // for yet.
  BatchLoader(Make make, int64_t batches_per_pass, int workers, int ahead);
  ~BatchLoader() override;

  absl::StatusOr<Batch> Get(int64_t index) override;
  int64_t batches_per_pass() const override { return batches_per_pass_; }

 private:
  // A batch being made by a worker (null), or made and not taken.
  struct Slot {
    std::unique_ptr<absl::StatusOr<Batch>> batch;
    bool wanted = false;  // someone waits for it
  };

  void Work();
  void MoveWindow(int64_t index);

  const Make make_;
  const int64_t batches_per_pass_;
  const int64_t ahead_;

  std::mutex mutex_;
  std::condition_variable may_work_, made_;
  bool stopping_ = false;
  int64_t next_ = 0;  // for a worker to make
  int64_t end_ = 0;   // workers wait when next_ gets here
  std::map<int64_t, Slot> slots_;
  std::vector<std::thread> workers_;
};

}  // namespace rill::training
