#include "server/services/google/operation_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rill::server::google_speech {

void OperationStore::Add(const std::string& caller, std::shared_ptr<Operation> operation) {
  std::lock_guard lock(mutex_);
  operations_[caller].push_back(std::move(operation));
  Forget();
}

std::shared_ptr<Operation> OperationStore::Find(const std::string& caller,
                                                const std::string& name) {
  for (std::shared_ptr<Operation>& operation : List(caller)) {
    if (operation->name() == name) return std::move(operation);
  }
  return nullptr;
}

std::vector<std::shared_ptr<Operation>> OperationStore::List(const std::string& caller) {
  std::lock_guard lock(mutex_);
  Forget();
  const auto it = operations_.find(caller);
  return it == operations_.end() ? Operations() : it->second;
}

void OperationStore::Remove(const Operation& operation) {
  std::lock_guard lock(mutex_);
  for (auto& [caller, operations] : operations_) {
    operations.erase(std::remove_if(operations.begin(), operations.end(),
                                    [&](const auto& one) { return one.get() == &operation; }),
                     operations.end());
  }
}

void OperationStore::Forget() {
  const auto long_ago = std::chrono::steady_clock::now() - limits_.kept;
  for (auto it = operations_.begin(); it != operations_.end();) {
    Operations kept;  // the newest first
    size_t bytes = 0;
    for (auto operation = it->second.rbegin(); operation != it->second.rend(); ++operation) {
      const auto done = (*operation)->done_since();
      const size_t size = (*operation)->bytes();
      const bool many = kept.size() >= limits_.operations || bytes + size > limits_.bytes;
      if (done && (*done < long_ago || (many && !kept.empty()))) continue;
      bytes += size;
      kept.push_back(std::move(*operation));
    }
    std::reverse(kept.begin(), kept.end());
    it->second = std::move(kept);
    it = it->second.empty() ? operations_.erase(it) : std::next(it);
  }
}

}  // namespace rill::server::google_speech
