// A few threads for work that is too long for a gRPC reaction: decoding the rest of a large
// message. First come, first served. Any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rill::server {

class Executor {
 public:
  explicit Executor(int threads);
  ~Executor();  // Stop()

  // Runs `work` soon; never, if the executor has been stopped.
  void Post(std::function<void()> work);

  // Ends the threads after what they are doing; forgets what waits.
  void Stop();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace rill::server
