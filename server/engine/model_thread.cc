#include "server/engine/model_thread.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "server/log.h"

namespace rill::server {
namespace {

using Clock = std::chrono::steady_clock;

void PinTo(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (const int error = pthread_setaffinity_np(pthread_self(), sizeof(set), &set)) {
    Log(LogLevel::kWarning, "pin_failed", {{"cpu", int64_t{cpu}}, {"errno", int64_t{error}}});
  }
}

}  // namespace

ModelThread::ModelThread(std::unique_ptr<RecognitionWorker> worker, const Options& options)
    : options_(options), worker_(std::move(worker)), former_(options.batch) {
  thread_ = std::thread([this] { Run(); });
}

ModelThread::~ModelThread() { Stop(); }

ModelThread::MemberId ModelThread::Add(std::shared_ptr<BatchMember> member) {
  std::lock_guard lock(mutex_);
  const MemberId id = next_id_++;
  members_.emplace(id, std::move(member));
  former_.Open(id);
  return id;
}

void ModelThread::MarkReady(MemberId id) {
  std::lock_guard lock(mutex_);
  const auto due_before = former_.Due();
  former_.Ready(id, Clock::now());
  const auto due = former_.Due();
  if (due && (!due_before || *due < *due_before)) wake_.notify_one();
}

void ModelThread::Remove(MemberId id) {
  std::shared_ptr<BatchMember> removed;  // destroyed after the lock is given back
  std::lock_guard lock(mutex_);
  const auto it = members_.find(id);
  if (it == members_.end()) return;
  removed = std::move(it->second);
  members_.erase(it);
  former_.Close(id);
  // With one stream less, those that wait may be all there are.
  if (former_.Due()) wake_.notify_one();
}

void ModelThread::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  std::unordered_map<MemberId, std::shared_ptr<BatchMember>> members;
  std::lock_guard lock(mutex_);
  members.swap(members_);
}

bool ModelThread::WaitForBatch(Batch* batch) {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto due = former_.Due();
    if (due && *due <= Clock::now()) {
      for (const MemberId id : former_.Take()) batch->emplace_back(id, members_.at(id));
      return true;
    }
    if (due) {
      wake_.wait_until(lock, *due);
    } else {
      wake_.wait(lock);
    }
  }
  return false;
}

void ModelThread::Step(const Batch& batch) {
  std::vector<RecognitionStream*> streams;
  streams.reserve(batch.size());
  for (const auto& [id, member] : batch) streams.push_back(member->stream());

  // A step's work is bounded: many streams take a chunk each, few take several. Bulk transcriptions
  // then do not hold up live streams for long.
  const int streams_in_step = static_cast<int>(streams.size());
  const int chunks = std::clamp(options_.batch.max_batch / streams_in_step, 1,
                                std::max(options_.max_chunks_per_step, 1));
  const auto began = Clock::now();
  const absl::Status status = worker_->Step(streams, chunks);
  options_.metrics->step_seconds.Observe(
      std::chrono::duration<double>(Clock::now() - began).count());
  options_.metrics->step_streams.Observe(streams_in_step);

  if (!status.ok()) {
    Log(LogLevel::kError, "step_failed",
        {{"error", std::string(status.message())}, {"streams", int64_t{streams_in_step}}});
    // Before the streams, so that the server begins to close before clients try again.
    const bool lost = ++failed_steps_ == options_.steps_to_lose_device;
    if (lost && options_.on_device_lost) options_.on_device_lost();
    for (const auto& [id, member] : batch) member->FailStep(status);
    return;
  }
  failed_steps_ = 0;

  std::vector<MemberId> behind;
  for (const auto& [id, member] : batch) {
    if (member->AfterStep(began)) behind.push_back(id);
  }
  std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  for (const MemberId id : behind) former_.Behind(id, now);
}

void ModelThread::Run() {
  if (options_.cpu) PinTo(*options_.cpu);
  Batch batch;
  while (WaitForBatch(&batch)) {
    Step(batch);
    batch.clear();
  }
}

}  // namespace rill::server
