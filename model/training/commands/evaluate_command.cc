#include "model/training/commands/evaluate_command.h"

#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "model/training/commands/command_flags.h"
#include "model/training/commands/device.h"
#include "model/training/data/training_data.h"
#include "model/training/encoder/encoder_trainable.h"
#include "model/training/run/evaluation.h"

namespace rill::training {

EvaluateCommand::EvaluateCommand(CLI::App& program)
    : app_(program.add_subcommand("evaluate", "Word and character error rates, greedy")) {
  app_->footer("  rill-train evaluate --model first.safetensors --dev speech/dev --chunk 1 8\n");
  auto* from = app_->add_option_group("from", "What to evaluate");
  from->add_option("--run", run_, "Folder of a run; its newest checkpoint");
  from->add_option("--model", model_, "Model file");
  from->require_option(1);
  AddDevelopmentFlags(*app_, data_);
  app_->get_option("--dev")->required();
  app_->add_flag("--ema,!--no-ema", average_,
                 "Of a run: the moving average of the weights (default), or the last weights");
  app_->add_option("--chunk", chunks_, "Frames of 40 ms a chunk, one or several; 0: the whole clip")
      ->check(CLI::IsMember({0, 1, 2, 4, 8, 16}))
      ->capture_default_str();
  app_->add_option("--threads", threads_, "0: one a core")->check(CLI::Range(0, 1024));
  app_->add_option("--compute", compute_, "float, bf16 or auto")->capture_default_str();
}

absl::Status EvaluateCommand::Run() {
  if (data_.cache_folder.empty()) {
    data_.cache_folder = run_.empty() ? UserFeatureCache() : run_ + "/features";
  }
  Checkpoint checkpoint;
  std::unique_ptr<ModelFile> file;
  if (!model_.empty()) {
    absl::StatusOr<std::unique_ptr<ModelFile>> opened = ModelFile::Open(model_);
    if (!opened.ok()) return opened.status();
    file = *std::move(opened);
    checkpoint.config = file->config();
    checkpoint.statistics = {file->Tensor("features.mean"), file->Tensor("features.inv_std")};
  } else {
    absl::StatusOr<Checkpoint> newest = ReadNewestCheckpoint(run_);
    if (!newest.ok()) return newest.status();
    checkpoint = *std::move(newest);
  }
  data_.statistics = checkpoint.statistics;
  absl::StatusOr<std::unique_ptr<TrainingData>> data = TrainingData::Open(data_, checkpoint.config);
  if (!data.ok()) return data.status();
  absl::StatusOr<EncoderModule::Options> options = ModuleOptions("cpu", compute_);
  if (!options.ok()) return options.status();

  if (threads_ == 0) threads_ = static_cast<int>(std::thread::hardware_concurrency());
  Trainer trainer(std::make_unique<EncoderTrainable>(
                      std::make_unique<EncoderModule>(checkpoint.config, *options)),
                  checkpoint.config.attention_width(), threads_, OptimizerOptions());
  absl::Status status = file != nullptr ? trainer.LoadModel(*file, checkpoint.config)
                                        : trainer.LoadTensors(checkpoint.tensors);
  if (!status.ok()) return status;
  if (average_) trainer.ShowAverage();

  for (const int chunk : chunks_) {
    absl::StatusOr<EvaluationTable> table =
        Evaluate(trainer, (*data)->evaluation_sets(), checkpoint.config, chunk);
    if (!table.ok()) return table.status();
    for (const auto& [name, evaluation] : *table) {
      absl::PrintF("chunk %2d  %-32s  WER %6.2f %%  CER %6.2f %%  ", chunk, name,
                   evaluation.errors.words.rate(), evaluation.errors.characters.rate());
      if (evaluation.phones.reference > 0) {
        absl::PrintF("phones %6.2f %%  ", evaluation.phones.rate());
      }
      absl::PrintF("loss %.3f  (%d words)\n", evaluation.loss_per_character(),
                   evaluation.errors.words.reference);
    }
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

}  // namespace rill::training
