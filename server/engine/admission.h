// Counts the open streams of every worker and says no when there are as many as may be: before a
// slot, a decoder or anything else is made for a stream. Any thread; outlives its tickets.
#pragma once

#include <mutex>
#include <vector>

#include "absl/status/statusor.h"

namespace rill::server {

class Admission {
 public:
  // Leave to have one stream on one worker, given back when destroyed.
  class Ticket {
   public:
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket();
    int worker() const { return worker_; }

   private:
    friend class Admission;
    Ticket(Admission* admission, int worker) : admission_(admission), worker_(worker) {}
    Admission* admission_;  // null if moved from
    int worker_;
  };

  Admission(int workers, int max_streams);

  // A place on the worker with the fewest streams, or ResourceExhausted.
  absl::StatusOr<Ticket> Admit();

  int open() const;
  int max_streams() const { return max_streams_; }

 private:
  const int max_streams_;
  mutable std::mutex mutex_;
  int open_ = 0;                 // guarded by mutex_
  std::vector<int> per_worker_;  // guarded by mutex_
};

}  // namespace rill::server
