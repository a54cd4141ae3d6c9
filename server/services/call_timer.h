// A time limit on something that a call waits for, on gRPC's own timers: no thread of ours. Start
// once; Stop from any thread but not from `late`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "grpcpp/alarm.h"

namespace rill::server {

class CallTimer {
 public:
  // Calls `late` after `limit`, unless Stop comes first.
  void Start(std::chrono::steady_clock::duration limit, std::function<void()> late) {
    watch_ = std::make_shared<Watch>();
    watch_->late = std::move(late);
    alarm_.Set(std::chrono::system_clock::now() + limit, [watch = watch_](bool expired) {
      std::lock_guard lock(watch->mutex);
      if (expired && watch->late) watch->late();
    });
  }

  // From now on `late` neither runs nor will run. Nothing if it was never started.
  void Stop() {
    if (!watch_) return;
    {
      std::lock_guard lock(watch_->mutex);
      watch_->late = nullptr;
    }
    alarm_.Cancel();
  }

 private:
  struct Watch {
    std::mutex mutex;
    std::function<void()> late;  // guarded by mutex
  };

  std::shared_ptr<Watch> watch_;
  grpc::Alarm alarm_;
};

}  // namespace rill::server
