// The operations of all callers, running and done. Everybody sees their own. Any thread.
//
// What a caller may keep is bounded: beyond it the oldest that are done are forgotten, and after an
// hour all. It happens at the next look; nothing ticks. How many run is bounded by the streams that
// the server, and the caller's token, may have.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/services/google/operation.h"

namespace rill::server::google_speech {

class OperationStore {
 public:
  struct Limits {
    size_t operations = 100;  // of a caller; more only while they run
    size_t bytes = 64 << 20;  // of a caller's results
    std::chrono::steady_clock::duration kept = std::chrono::hours(1);
  };

  OperationStore() : OperationStore(Limits()) {}
  explicit OperationStore(const Limits& limits) : limits_(limits) {}

  void Add(const std::string& caller, std::shared_ptr<Operation> operation);
  // Null: there is none of that caller's.
  std::shared_ptr<Operation> Find(const std::string& caller, const std::string& name);
  // In the order in which they began.
  std::vector<std::shared_ptr<Operation>> List(const std::string& caller);
  // Nothing if it has been forgotten meanwhile.
  void Remove(const Operation& operation);

 private:
  using Operations = std::vector<std::shared_ptr<Operation>>;

  void Forget();  // what is too old or too much; mutex_ held

  const Limits limits_;
  std::mutex mutex_;
  std::map<std::string, Operations> operations_;  // by caller; guarded by mutex_
};

}  // namespace rill::server::google_speech
