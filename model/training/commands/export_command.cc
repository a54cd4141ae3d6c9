#include "model/training/commands/export_command.h"

#include <filesystem>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "model/training/commands/command_flags.h"
#include "model/training/run/model_export.h"

namespace rill::training {

ExportCommand::ExportCommand(CLI::App& program)
    : app_(program.add_subcommand("export", "Writes a run's model as a file for the server")) {
  app_->footer(
      "  rill-train export --run runs/first --output first.safetensors --license CC-BY-4.0\n");
  auto* from = app_->add_option_group("from", "What to export");
  from->add_option("--run", run_, "Folder of the run; its newest checkpoint");
  from->add_option("--checkpoint", checkpoint_, "One checkpoint file");
  from->require_option(1);
  app_->add_option("--output", output_, "Model file to write, *.safetensors")->required();
  app_->add_flag("--ema,!--no-ema", average_,
                 "The moving average of the weights (default), or the last weights");
  app_->add_option(
      "--average-with", average_with_,
      "Model files whose weights are averaged with these, all alike: those that the run "
      "began from. Often better than each; evaluate to see");
  app_->add_option("--matrices", matrices_,
                   "Type of the matrices in the file: float; bf16, in half the space; int8, in a "
                   "quarter, with a factor for each row: evaluate what it costs")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, MatrixType>{{"float", MatrixType::kFloat},
                                                                    {"bf16", MatrixType::kBFloat16},
                                                                    {"int8", MatrixType::kInt8}}))
      ->default_str("bf16");
  app_->add_option("--name", name_, "Name of the model; the output file's if not given");
  app_->add_option("--language", language_, "Language tag")->capture_default_str();
  app_->add_option("--license", license_, "Licence of the model, as SPDX writes it");
  app_->add_option("--training-data", training_data_,
                   "What it was trained on, with the attribution that the data asks for");
  app_->add_option("--description", description_, "A sentence about it");
}

absl::Status ExportCommand::Run() {
  Checkpoint checkpoint;
  if (!checkpoint_.empty()) {
    absl::StatusOr<Checkpoint> read = ReadCheckpoint(checkpoint_);
    if (!read.ok()) return read.status();
    checkpoint = *std::move(read);
  } else {
    absl::StatusOr<Checkpoint> newest = ReadNewestCheckpoint(run_);
    if (!newest.ok()) return newest.status();
    checkpoint = *std::move(newest);
  }
  ExportOptions options;
  options.average = average_;
  options.matrices = matrices_;
  std::vector<std::unique_ptr<ModelFile>> others;
  for (const std::string& path : average_with_) {
    auto model = ModelFile::Open(path);
    if (!model.ok()) return model.status();
    options.average_with.push_back(model->get());
    others.push_back(*std::move(model));
  }
  if (name_.empty()) name_ = std::filesystem::path(output_).stem().string();
  const std::pair<const char*, const std::string&> fields[] = {
      {"rill.name", name_},
      {"rill.language", language_},
      {"rill.license", license_},
      {"rill.training_data", training_data_},
      {"rill.description", description_}};
  for (const auto& [key, value] : fields) {
    if (!value.empty()) options.metadata[key] = value;
  }
  if (absl::Status status = ExportModel(checkpoint, options, output_); !status.ok()) return status;
  absl::FPrintF(stderr, "wrote %s: step %d, %.1f hours of audio\n", output_,
                checkpoint.progress.step, checkpoint.progress.audio_seconds / 3600);
  return absl::OkStatus();
}

}  // namespace rill::training
