#include "model/training/run/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/file/tensor_names.h"
#include "model/training/run/model_growth.h"

namespace rill::training {
namespace {

std::vector<std::unique_ptr<Trainable>> Replicas(std::unique_ptr<Trainable> model, int count) {
  std::vector<std::unique_ptr<Trainable>> replicas;
  replicas.push_back(std::move(model));
  while (static_cast<int>(replicas.size()) < count) {
    replicas.push_back(replicas.front()->Replicate());
  }
  return replicas;
}

// The tensor of a model file that one under training begins from. The head in the middle of the
// encoder, which files leave out, begins as the one at the top: it reads the same stream of
// residuals, only sooner, and is much closer than noise.
std::string TensorInFile(const std::string& name) {
  if (name == "intermediate.norm") return "final_norm";
  if (name == "intermediate.weight") return "head.weight";
  if (name == "intermediate.bias") return "head.bias";
  return name;
}

void CopyInto(const std::vector<float>& values, const at::Tensor& tensor) {
  tensor.copy_(at::from_blob(const_cast<float*>(values.data()), tensor.sizes(), at::kFloat));
}

}  // namespace

Trainer::Trainer(std::unique_ptr<Trainable> model, int64_t attention_width, int replicas,
                 const OptimizerOptions& options)
    : team_(replicas),
      replicas_(Replicas(std::move(model), replicas)),
      optimizer_(replicas_.front()->parameters(), attention_width, options, team_) {
  // The caller's thread only copies tensors; a pool of threads for that would take turns with the
  // team's on the same cores.
  at::set_num_threads(1);
}

double Trainer::ScheduleProgress(const Schedule& schedule) const {
  return schedule.Progress(progress_.audio_seconds - progress_.anneal_audio_seconds,
                           progress_.wall_seconds - progress_.anneal_wall_seconds,
                           progress_.step - progress_.anneal_step);
}

absl::StatusOr<StepResult> Trainer::Step(BatchSource& source, const Schedule& schedule) {
  struct Share {
    BatchLoss loss;
    int64_t characters = 0;
    double audio_seconds = 0;
  };
  std::vector<Share> shares(replicas_.size());
  absl::Status status = team_.Run([&](int r) -> absl::Status {
    absl::StatusOr<Batch> batch = source.Get(progress_.next_batch + r);
    if (!batch.ok()) return batch.status();
    shares[r] = {replicas_[r]->Backward(*batch), batch->characters, batch->audio_seconds};
    return absl::OkStatus();
  });
  if (!status.ok()) return status;

  StepResult result;
  for (const Share& share : shares) {
    result.top += share.loss.top;
    result.letters += share.loss.letters;
    result.intermediate += share.loss.intermediate;
    result.crf += share.loss.crf;
    result.mwer += share.loss.mwer;
    result.words += share.loss.words;
    result.consistency += share.loss.consistency;
    result.teacher += share.loss.teacher;
    result.skipped += share.loss.skipped;
    result.characters += share.characters;
    result.audio_seconds += share.audio_seconds;
  }
  std::vector<std::vector<Parameter>*> parameters;
  for (const auto& replica : replicas_) parameters.push_back(&replica->parameters());
  const double scale = result.characters > 0 ? 1.0 / static_cast<double>(result.characters) : 0;
  const absl::StatusOr<double> norm = optimizer_.Gather(parameters, scale);
  if (!norm.ok()) return norm.status();

  result.step = progress_.step;
  result.gradient_norm = *norm;
  result.rate = schedule.Rate(progress_.step, ScheduleProgress(schedule));
  result.applied = std::isfinite(*norm);
  if (result.applied) {
    status = optimizer_.Update(progress_.step, result.rate, *norm);
    if (!status.ok()) return status;
  }
  ++progress_.step;
  progress_.next_batch += static_cast<int64_t>(replicas_.size());
  progress_.audio_seconds += result.audio_seconds;
  return result;
}

std::vector<NamedTensor> Trainer::Tensors() const {
  std::vector<NamedTensor> result;
  for (const ParameterState& state : optimizer_.states()) {
    for (const auto& [kind, tensor] : state.Tensors()) {
      const at::Tensor values = tensor.to(at::kCPU).contiguous();
      const float* data = values.const_data_ptr<float>();
      result.push_back({absl::StrCat(kind, ".", state.name()), values.sizes().vec(),
                        std::vector<float>(data, data + values.numel())});
    }
  }
  return result;
}

absl::Status Trainer::LoadTensors(const std::vector<NamedTensor>& tensors) {
  std::map<std::string, const NamedTensor*> by_name;
  for (const NamedTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  std::vector<std::pair<at::Tensor, const NamedTensor*>> copies;
  for (const ParameterState& state : optimizer_.states()) {
    for (const auto& [kind, tensor] : state.Tensors()) {
      const std::string name = absl::StrCat(kind, ".", state.name());
      const auto found = by_name.find(name);
      if (found == by_name.end()) {
        return absl::InvalidArgumentError(absl::StrCat("checkpoint lacks ", name));
      }
      if (at::IntArrayRef(found->second->shape) != tensor.sizes() ||
          static_cast<int64_t>(found->second->values.size()) != tensor.numel()) {
        return absl::InvalidArgumentError(absl::StrCat(name, " has another shape"));
      }
      copies.emplace_back(tensor, found->second);
    }
  }
  for (const auto& [tensor, source] : copies) CopyInto(source->values, tensor);
  optimizer_.ShowMaster();
  return absl::OkStatus();
}

absl::Status Trainer::LoadModel(const ModelFile& model, const ModelConfig& config) {
  if (absl::Status status = CheckGrowth(model.config(), config); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(model.path(), ": ", status.message()));
  }
  std::map<std::string, TensorSpec> specs;
  for (TensorSpec& spec : ModelTensors(config)) specs[spec.name] = std::move(spec);
  for (ParameterState& state : optimizer_.states()) {
    const std::string in_file = TensorInFile(state.name());
    const auto found = specs.find(in_file);
    if (found == specs.end()) continue;
    TensorSpec spec = found->second;
    spec.shape = state.master().sizes().vec();  // the head in the middle has no phones
    const std::string name = OldTensor(model.config(), config, in_file);
    const at::Tensor first = state.master().to(at::kCPU).contiguous();
    std::vector<float> values(first.const_data_ptr<float>(),
                              first.const_data_ptr<float>() + first.numel());
    GrowTensor(model.config(), config, spec,
               name.empty() ? std::vector<float>() : model.Tensor(name), values);
    CopyInto(values, state.master());
    state.RestartAverage();
  }
  optimizer_.ShowMaster();
  return absl::OkStatus();
}

}  // namespace rill::training
