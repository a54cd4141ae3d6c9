// Every session of the server: closes those that stand idle, waits for the rest while the server
// drains. Any thread. Its own thread sleeps until the next session could be idle; no ticks.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"

namespace rill::server {

class Session;

class SessionRegistry {
 public:
  using Duration = std::chrono::steady_clock::duration;

  explicit SessionRegistry(Duration idle_timeout);  // zero: none
  ~SessionRegistry();                               // Stop(); every session is gone by now

  // Ok, or why not: Unavailable while the server starts and drains.
  absl::Status Accepting() const;

  // Called by Session at the start and the end of its life. Add says what Accepting() does: a
  // session that it takes is one that MoveAll and CloseAll find.
  absl::Status Add(uint64_t key, std::weak_ptr<Session> session);
  void Remove(uint64_t key);

  int size() const;
  Duration idle_timeout() const { return idle_timeout_; }

  // What Accepting() says from now on.
  void SetAccepting(const absl::Status& status);
  // True as soon as no session is left; false if some are after `timeout`.
  bool WaitUntilEmpty(Duration timeout);
  // Sends away every session that can move, with `status`.
  void MoveAll(const absl::Status& status);
  // Asks every session for its final results and to end with `status`. One with checkpoints ends at
  // once: it goes on elsewhere from the last of them, and would hear results made now again, and
  // otherwise.
  void CloseAll(const absl::Status& status);
  // Ends the idle thread: the registry holds no session any more, not even for a moment.
  void Stop();

 private:
  void Run();
  std::vector<std::shared_ptr<Session>> Sessions() const;

  const Duration idle_timeout_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<uint64_t, std::weak_ptr<Session>> sessions_;  // guarded by mutex_
  absl::Status accepting_;                                         // guarded by mutex_
  bool stopping_ = false;                                          // guarded by mutex_
  std::thread idle_thread_;
};

}  // namespace rill::server
