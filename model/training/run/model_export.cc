#include "model/training/run/model_export.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/file/tensor_names.h"

namespace rill::training {

namespace {

absl::Status Average(const Checkpoint& checkpoint, const std::vector<const ModelFile*>& models,
                     std::vector<NamedTensor>& tensors) {
  for (const ModelFile* model : models) {
    if (model->config().ToJson() != checkpoint.config.ToJson() ||
        model->Tensor("features.mean") != checkpoint.statistics.mean ||
        model->Tensor("features.inv_std") != checkpoint.statistics.inv_std) {
      return absl::InvalidArgumentError(absl::StrCat(
          model->path(),
          ": is of another size or with other outputs, or from other feature statistics, than "
          "the run"));
    }
  }
  const float share = 1.0f / static_cast<float>(models.size() + 1);
  for (NamedTensor& tensor : tensors) {
    for (const ModelFile* model : models) {
      const std::vector<float> other = model->Tensor(tensor.name);
      for (size_t i = 0; i < other.size(); ++i) tensor.values[i] += other[i];
    }
    for (float& value : tensor.values) value *= share;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ExportModel(const Checkpoint& checkpoint, const ExportOptions& options,
                         const std::string& path) {
  const std::string kind = options.average ? "average." : "master.";
  std::vector<NamedTensor> tensors;
  for (TensorSpec& spec : ModelTensors(checkpoint.config)) {
    if (spec.name == "features.mean") {
      tensors.push_back({spec.name, spec.shape, checkpoint.statistics.mean});
      continue;
    }
    if (spec.name == "features.inv_std") {
      tensors.push_back({spec.name, spec.shape, checkpoint.statistics.inv_std});
      continue;
    }
    const NamedTensor* source = checkpoint.Find(kind + spec.name);
    if (source == nullptr) {
      return absl::DataLossError(absl::StrCat("the checkpoint lacks ", kind, spec.name));
    }
    tensors.push_back({spec.name, source->shape, source->values});
  }
  if (!options.average_with.empty()) {
    const absl::Status status = Average(checkpoint, options.average_with, tensors);
    if (!status.ok()) return status;
  }
  std::map<std::string, std::string> metadata = options.metadata;
  const Progress& progress = checkpoint.progress;
  metadata.try_emplace("rill.description",
                       absl::StrFormat("Trained for %d steps on %.1f hours of audio.",
                                       progress.step, progress.audio_seconds / 3600));
  return WriteModelFile(path, checkpoint.config, std::move(metadata), tensors, options.matrices);
}

}  // namespace rill::training
