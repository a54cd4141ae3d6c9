#include "server/engine/engine.h"

#include <sched.h>

#include <utility>

namespace rill::server {
namespace {

// The processors this process may use.
std::vector<int> UsableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace

Engine::Engine(std::unique_ptr<const Recognizer> recognizer, const EngineOptions& options)
    : recognizer_(std::move(recognizer)), admission_(options.workers, options.max_streams) {}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Create(std::unique_ptr<const Recognizer> recognizer,
                                                       const EngineOptions& options) {
  std::unique_ptr<Engine> engine(new Engine(std::move(recognizer), options));
  // Admission keeps the workers level, so none ever needs more slots than this.
  const int slots = (options.max_streams + options.workers - 1) / options.workers;
  const std::vector<int> cpus = options.pin_workers ? UsableCpus() : std::vector<int>();
  for (int i = 0; i < options.workers; ++i) {
    ModelThread::Options thread;
    thread.batch = options.batch;
    thread.max_chunks_per_step = options.max_chunks_per_step;
    thread.metrics = &engine->metrics_;
    thread.on_device_lost = options.on_device_lost;
    if (!cpus.empty()) thread.cpu = cpus[i % cpus.size()];
    auto worker = engine->recognizer_->NewWorker(slots);
    if (!worker.ok()) return worker.status();
    engine->threads_.push_back(std::make_unique<ModelThread>(*std::move(worker), thread));
  }
  return engine;
}

Engine::~Engine() = default;

StateSlots Engine::state_slots() const {
  StateSlots sum;
  for (const auto& thread : threads_) {
    const StateSlots slots = thread->worker().state_slots();
    sum.device += slots.device;
    sum.host += slots.host;
  }
  return sum;
}

absl::StatusOr<EngineStream> Engine::Open(Admission::Ticket ticket, const StreamOptions& options,
                                          absl::string_view state) {
  ModelThread* thread = threads_[ticket.worker()].get();
  RecognitionWorker& worker = thread->worker();
  auto stream = state.empty() ? worker.OpenStream(options) : worker.ResumeStream(options, state);
  if (!stream.ok()) return stream.status();
  return EngineStream{std::move(ticket), thread, *std::move(stream)};
}

}  // namespace rill::server
