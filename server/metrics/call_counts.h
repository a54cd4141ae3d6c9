// How many calls came to which end, by method and status. Any thread; once a call, not once a step.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace rill::server {

class CallCounts {
 public:
  using Key = std::pair<std::string, absl::StatusCode>;  // method and status

  void Add(const std::string& method, absl::StatusCode code) {
    std::lock_guard lock(mutex_);
    ++counts_[{method, code}];
  }

  std::map<Key, int64_t> Take() const {
    std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Key, int64_t> counts_;  // guarded by mutex_
};

}  // namespace rill::server
