// All parameters of a model under training, shared out among the threads of a team; on a GPU, which
// one thread keeps busy, as a ParameterList. A step is two calls of Gather and Update; nothing in
// its result depends on the number or the timing of threads.
//
// Thread rule: one thread at a time; the work inside is spread over the team.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/training/optimizer/parameter_list.h"
#include "model/training/optimizer/parameter_state.h"
#include "model/training/optimizer/thread_team.h"

namespace rill::training {

class Optimizer {
 public:
  // `parameters`: the first replica's; the others share their memory.
  Optimizer(const std::vector<Parameter>& parameters, int64_t attention_width,
            const OptimizerOptions& options, ThreadTeam& team);

  // Takes the gradients out of the replicas' parameters (they are undefined afterwards), adds them
  // up and scales them. Returns the norm over all parameters.
  absl::StatusOr<double> Gather(const std::vector<std::vector<Parameter>*>& replicas, double scale);

  // Clips to options.clip_norm by `norm` and updates masters, averages and compute tensors.
  absl::Status Update(int64_t step, double rate, double norm);

  void ShowAverage();
  void ShowMaster();

  std::vector<ParameterState>& states() { return states_; }
  const std::vector<ParameterState>& states() const { return states_; }

 private:
  OptimizerOptions options_;
  ThreadTeam& team_;
  std::vector<ParameterState> states_;
  std::vector<std::vector<size_t>> shares_;  // per thread: indices into states_
  std::optional<ParameterList> list_;        // on a GPU: all of states_
};

}  // namespace rill::training
