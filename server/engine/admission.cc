#include "server/engine/admission.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rill::server {

Admission::Ticket::Ticket(Ticket&& other) noexcept
    : admission_(std::exchange(other.admission_, nullptr)), worker_(other.worker_) {}

Admission::Ticket::~Ticket() {
  if (!admission_) return;
  std::lock_guard lock(admission_->mutex_);
  --admission_->open_;
  --admission_->per_worker_[worker_];
}

Admission::Admission(int workers, int max_streams)
    : max_streams_(max_streams), per_worker_(workers, 0) {}

absl::StatusOr<Admission::Ticket> Admission::Admit() {
  std::lock_guard lock(mutex_);
  if (open_ >= max_streams_) {
    return absl::ResourceExhaustedError(absl::StrCat("the server has all the ", max_streams_,
                                                     " streams it may have; try again later"));
  }
  const auto least = std::min_element(per_worker_.begin(), per_worker_.end());
  ++open_;
  ++*least;
  return Ticket(this, static_cast<int>(least - per_worker_.begin()));
}

int Admission::open() const {
  std::lock_guard lock(mutex_);
  return open_;
}

}  // namespace rill::server
