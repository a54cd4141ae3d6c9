#include "model/training/run/model_export.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/file/tensor_names.h"

namespace rill::training {

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
  std::map<std::string, std::string> metadata = options.metadata;
  const Progress& progress = checkpoint.progress;
  metadata.try_emplace("rill.description",
                       absl::StrFormat("Trained for %d steps on %.1f hours of audio.",
                                       progress.step, progress.audio_seconds / 3600));
  return WriteModelFile(path, checkpoint.config, std::move(metadata), tensors, options.bfloat16);
}

}  // namespace rill::training
