#include "model/paper/run/snapshot.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/file/atomic_file.h"

namespace rill::paper {
namespace {

using at::Tensor;

// The tensors of a snapshot, in a fixed order, sharing the memory of what they are of.
std::vector<Tensor> TensorsOf(const Parameters& parameters, const RAdam& optimizer) {
  std::vector<Tensor> tensors;
  for (const Parameter& p : parameters.all()) tensors.push_back(p.tensor.detach());
  for (const Tensor& moment : optimizer.moments()) tensors.push_back(moment);
  return tensors;
}

}  // namespace

absl::Status WriteSnapshot(const std::string& path, const Parameters& parameters,
                           const RAdam& optimizer, const TrainingProgress& progress) {
  std::vector<Tensor> tensors = TensorsOf(parameters, optimizer);
  tensors.push_back(
      at::tensor({static_cast<double>(progress.updates), progress.spent.wall, progress.spent.cpu},
                 at::kDouble));
  const std::vector<char> bytes = torch::jit::pickle_save(c10::IValue(tensors));
  AtomicFile file(path);
  if (absl::Status status = file.Open(); !status.ok()) return status;
  if (absl::Status status = file.Write({bytes.data(), bytes.size()}); !status.ok()) return status;
  return file.Commit();
}

absl::StatusOr<TrainingProgress> ReadSnapshot(const std::string& path, const Parameters& parameters,
                                              RAdam& optimizer) {
  if (!std::filesystem::exists(path)) return absl::NotFoundError(path);
  const absl::Status damaged =
      absl::DataLossError(absl::StrCat(path, " is damaged or of another network: delete it"));
  try {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
    const std::vector<Tensor> read = torch::jit::pickle_load(bytes).toTensorVector();
    const std::vector<Tensor> tensors = TensorsOf(parameters, optimizer);
    if (read.size() != tensors.size() + 1 || read.back().numel() != 3) return damaged;
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (read[i].sizes() != tensors[i].sizes()) return damaged;
    }
    for (size_t i = 0; i < tensors.size(); ++i) tensors[i].copy_(read[i]);
    const double* numbers = read.back().const_data_ptr<double>();
    optimizer.Resume(static_cast<int64_t>(numbers[0]));
    return TrainingProgress{static_cast<int64_t>(numbers[0]), {numbers[1], numbers[2]}};
  } catch (const std::exception&) {
    return damaged;
  }
}

}  // namespace rill::paper
