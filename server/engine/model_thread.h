// One thread that runs the model for its share of the streams: waits for a batch (BatchFormer),
// steps the RecognitionWorker, lets every stream of the batch take its events. It sleeps on a
// condition variable; no ticks.
//
// Thread rule: every public method is for any thread. A member that was removed may still be in the
// step that runs: the thread holds it until that step is over, so a stream is never destroyed under
// a step.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "model/recognizer.h"
#include "server/engine/batch_former.h"
#include "server/engine/batch_member.h"
#include "server/metrics/engine_metrics.h"

namespace rill::server {

class ModelThread {
 public:
  using MemberId = BatchFormer::Id;

  struct Options {
    BatchFormer::Limits batch;
    int max_chunks_per_step = 8;       // of one stream
    std::optional<int> cpu;            // run on this processor only
    EngineMetrics* metrics = nullptr;  // never null; outlives the thread
    // Called by the thread when so many steps failed one after the other, before the last one's
    // streams hear of it: none will succeed any more. Once, and again only if a step succeeded
    // meanwhile.
    std::function<void()> on_device_lost;
    int steps_to_lose_device = 3;
  };

  ModelThread(std::unique_ptr<RecognitionWorker> worker, const Options& options);
  ~ModelThread();  // Stop()

  RecognitionWorker& worker() { return *worker_; }

  MemberId Add(std::shared_ptr<BatchMember> member);
  void MarkReady(MemberId id);
  void Remove(MemberId id);

  // Ends the thread after the step that runs; forgets all members.
  void Stop();

 private:
  using Batch = std::vector<std::pair<MemberId, std::shared_ptr<BatchMember>>>;

  void Run();
  bool WaitForBatch(Batch* batch);  // false: stopped
  void Step(const Batch& batch);

  const Options options_;
  const std::unique_ptr<RecognitionWorker> worker_;
  int failed_steps_ = 0;  // one after the other; of the thread

  std::mutex mutex_;
  std::condition_variable wake_;
  BatchFormer former_;                                                  // guarded by mutex_
  std::unordered_map<MemberId, std::shared_ptr<BatchMember>> members_;  // guarded by mutex_
  MemberId next_id_ = 1;                                                // guarded by mutex_
  bool stopping_ = false;                                               // guarded by mutex_
  std::thread thread_;
};

}  // namespace rill::server
