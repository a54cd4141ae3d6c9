// rill-paper speech: CTC over whole recordings by a Bi-LSTM and by transformers that see both ways
// (the paper's section 4.3, table 3).
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/file/model_config.h"
#include "model/paper/network/transformer.h"
#include "model/paper/run/run_folder.h"
#include "model/paper/run/training.h"
#include "model/training/data/training_data.h"

namespace rill::paper {

class SpeechCommand {
 public:
  explicit SpeechCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  void AddDataFlags();
  void Shrink();  // for --smoke
  absl::Status Check() const;
  // Sets the tokens, and the data's paths if they are to be phones.
  absl::Status ChooseUnits();
  ResultFile::Line Settings() const;
  absl::StatusOr<std::unique_ptr<Network>> MakeNetwork(const std::string& name) const;
  absl::Status TrainOne(const std::string& name, RunFolder& folder) const;
  absl::StatusOr<at::Tensor> Loss(const Network& network, int64_t number) const;
  ResultFile::Line Evaluate(const Network& network) const;

  CLI::App* app_;
  RunFlags run_;
  std::vector<std::string> models_ = {"bi-lstm", "softmax", "lsh-4", "linear"};
  std::string units_ = "phones";
  std::string dictionary_ = "/usr/share/festival/dicts/cmu/cmudict-0.4.out";
  int64_t stack_ = 4;
  TransformerConfig network_;
  int64_t lstm_width_ = 320;
  TrainingPlan plan_;
  double lstm_rate_ = 1e-3;
  training::DataOptions data_options_;
  ModelConfig model_;  // the tokens and the mel bins, as the data takes them
  std::unique_ptr<training::TrainingData> data_;
};

}  // namespace rill::paper
