// Data-parallel training, a step at a time: every replica takes a batch of its own, the gradients
// of all are summed in a fixed order and divided by the characters of all, then the parameters are
// shared out among the same threads for the optimiser. The result depends on the data and the
// number of replicas, never on the timing of threads.
//
// Thread rule: one thread at a time; the work inside is spread over the team.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/file/model_file.h"
#include "model/training/data/data_source.h"
#include "model/training/encoder/trainable.h"
#include "model/training/optimizer/optimizer.h"
#include "model/training/optimizer/schedule.h"
#include "model/training/optimizer/thread_team.h"
#include "model/training/run/progress.h"

namespace rill::training {

struct StepResult {
  int64_t step = 0;  // its number, from 0
  int64_t characters = 0;
  double top = 0;            // nats, summed over clips
  double letters = 0;        // likewise, of the tokens where `top` is of phones
  double intermediate = 0;   // likewise
  double crf = 0;            // likewise, of the CTC-CRF at the top
  double mwer = 0;           // word errors to be expected, summed over clips
  double words = 0;          // of these clips
  double consistency = 0;    // nats, between the views of a clip
  double teacher = 0;        // likewise, of a teacher's codes
  int64_t skipped = 0;       // clips that cannot be aligned
  double gradient_norm = 0;  // before clipping
  double rate = 0;
  double audio_seconds = 0;
  bool applied = true;  // false: the gradient was not finite, and nothing was changed
};

class Trainer {
 public:
  // attention_width: see FusedParts. `model` becomes the first of `replicas` replicas.
  Trainer(std::unique_ptr<Trainable> model, int64_t attention_width, int replicas,
          const OptimizerOptions& options);

  // One step on the next batches, with the rate that `schedule` gives for the progress so far.
  absl::StatusOr<StepResult> Step(BatchSource& source, const Schedule& schedule);

  Progress& progress() { return progress_; }
  // How far the schedule is: of the whole run, or of its final anneal.
  double ScheduleProgress(const Schedule& schedule) const;

  // Everything but the progress, as a checkpoint holds it.
  std::vector<NamedTensor> Tensors() const;
  // InvalidArgument naming the tensor that is missing or of the wrong shape; nothing is changed
  // then.
  absl::Status LoadTensors(const std::vector<NamedTensor>& tensors);
  // Starts from a model's weights: masters and averages; parameters it lacks stay as they are.
  // `config` is the trained model's: a smaller model's weights grow into it (model_growth.h), and
  // the outputs of other tokens or phones stay as they are, too.
  absl::Status LoadModel(const ModelFile& model, const ModelConfig& config);

  // For evaluation, between ShowAverage and ShowMaster (no Step in between).
  void ShowAverage() { optimizer_.ShowAverage(); }
  void ShowMaster() { optimizer_.ShowMaster(); }
  Trainable& replica(int index) { return *replicas_[index]; }
  ThreadTeam& team() { return team_; }

 private:
  ThreadTeam team_;
  std::vector<std::unique_ptr<Trainable>> replicas_;
  Optimizer optimizer_;
  Progress progress_;
};

}  // namespace rill::training
