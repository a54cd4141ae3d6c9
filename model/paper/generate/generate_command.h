// rill-paper generate: images drawn pixel by pixel, how fast (the paper's tables 1, 2, 4 and 5)
// and, after training, how well (section 4.2).
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "model/paper/generate/generation_speed.h"
#include "model/paper/generate/image_training.h"
#include "model/paper/run/run_folder.h"

namespace rill::paper {

class GenerateCommand {
 public:
  explicit GenerateCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  void AddSpeedFlags();
  void AddTrainingFlags();
  void Shrink();  // for --smoke
  absl::Status MeasureSpeed();
  absl::Status TrainImages();

  CLI::App* app_;
  RunFlags run_;
  std::string part_ = "both";
  std::string images_ = "/usr/share/datasets/fashion-mnist";
  int64_t shrink_ = 2;
  SpeedOptions speed_;
  ImageTrainingOptions training_;
};

}  // namespace rill::paper
