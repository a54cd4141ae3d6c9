// A model at work: one model thread a worker, and admission to them. A stream stays with the worker
// that had the fewest streams when it came. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/recognizer.h"
#include "server/engine/admission.h"
#include "server/engine/model_thread.h"
#include "server/metrics/engine_metrics.h"

namespace rill::server {

struct EngineOptions {
  int workers = 1;
  int max_streams = 400;  // of all workers together
  BatchFormer::Limits batch;
  int max_chunks_per_step = 8;
  bool pin_workers = false;
  // Called by a model thread whose steps fail one after the other, as they do without end when a
  // GPU is lost: only a new process may find it again. Empty: nobody is told.
  std::function<void()> on_device_lost;
};

// A stream and the right to have it. The stream goes first, then the ticket: a slot is free before
// it is given away.
struct EngineStream {
  Admission::Ticket ticket;
  ModelThread* thread;  // not owned
  std::unique_ptr<RecognitionStream> stream;
};

class Engine {
 public:
  // ResourceExhausted: there is no memory for so many streams.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(
      std::unique_ptr<const Recognizer> recognizer, const EngineOptions& options);
  ~Engine();  // every EngineStream is gone by now

  // Leave to open a stream, before anything else is done for it. ResourceExhausted: full.
  absl::StatusOr<Admission::Ticket> Admit() { return admission_.Admit(); }
  // InvalidArgument: the options are at fault. `state`: of the stream to go on with, see
  // RecognitionWorker::ResumeStream; empty: a new one.
  absl::StatusOr<EngineStream> Open(Admission::Ticket ticket, const StreamOptions& options,
                                    absl::string_view state = {});

  const Recognizer& recognizer() const { return *recognizer_; }
  int workers() const { return static_cast<int>(threads_.size()); }
  EngineMetrics& metrics() { return metrics_; }
  int open_streams() const { return admission_.open(); }
  int max_streams() const { return admission_.max_streams(); }
  StateSlots state_slots() const;  // of all workers

 private:
  Engine(std::unique_ptr<const Recognizer> recognizer, const EngineOptions& options);

  const std::unique_ptr<const Recognizer> recognizer_;
  EngineMetrics metrics_;
  Admission admission_;
  std::vector<std::unique_ptr<ModelThread>> threads_;
};

}  // namespace rill::server
