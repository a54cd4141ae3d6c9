#include "server/security/stream_quota.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace rill::server {

StreamQuota::Lease::Lease(std::shared_ptr<Counts> counts, std::string name)
    : counts_(std::move(counts)), name_(std::move(name)) {}

StreamQuota::Lease::~Lease() {
  std::lock_guard lock(counts_->mutex);
  const auto it = counts_->open.find(name_);
  if (--it->second == 0) counts_->open.erase(it);
}

absl::StatusOr<std::unique_ptr<StreamQuota::Lease>> StreamQuota::Take(const TokenOwner& caller) {
  if (caller.max_streams == 0) return nullptr;
  std::lock_guard lock(counts_->mutex);
  int& open = counts_->open[caller.name];
  if (open >= caller.max_streams) {
    return absl::ResourceExhaustedError(absl::StrCat("token: '", caller.name, "' has all the ",
                                                     caller.max_streams,
                                                     " streams it may have; try again later"));
  }
  ++open;
  return std::unique_ptr<Lease>(new Lease(counts_, caller.name));
}

}  // namespace rill::server
