// Counts the open streams of every caller and says no when one has as many as its token allows. Any
// thread; leases may outlive the quota.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "server/security/token_table.h"

namespace rill::server {

class StreamQuota {
 public:
  // One stream of a caller, given back when destroyed.
  class Lease;

  // ResourceExhausted: the caller has its streams. Null if the caller has no limit.
  absl::StatusOr<std::unique_ptr<Lease>> Take(const TokenOwner& caller);

 private:
  struct Counts {
    std::mutex mutex;
    std::map<std::string, int> open;  // by name; guarded by mutex
  };
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

class StreamQuota::Lease {
 public:
  ~Lease();

 private:
  friend class StreamQuota;
  Lease(std::shared_ptr<Counts> counts, std::string name);
  const std::shared_ptr<Counts> counts_;
  const std::string name_;
};

}  // namespace rill::server
