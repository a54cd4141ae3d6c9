// rill-train train: the flags, and the run that they describe, new or resumed.
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/training/commands/command_flags.h"
#include "model/training/data/data_options.h"
#include "model/training/data/token_ngram.h"
#include "model/training/encoder/loss_options.h"
#include "model/training/encoder/text_search.h"
#include "model/training/run/training_loop.h"

namespace rill::training {

class TrainCommand {
 public:
  explicit TrainCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  void AddRunFlags();
  void AddLossFlags();
  void AddScheduleFlags();
  void AddMachineFlags();
  absl::Status Check();
  // The newest checkpoint; or a new one without tensors from --init or --size.
  absl::StatusOr<Checkpoint> Start(RunLog& log);
  // Of a new run: from --init or --size, --tokens and --pronunciations.
  absl::Status ChooseModel(ModelConfig* config);
  // That a run which goes on has the tokens of --tokens, if given.
  absl::Status CheckTokens(const ModelConfig& config) const;
  // That a run which goes on has a teacher, and pronunciations, as it had before.
  absl::Status CheckSources(const Checkpoint& start) const;
  // What LossOptions::mwer needs; null if it needs nothing.
  absl::StatusOr<std::shared_ptr<const TextSearch>> OpenSearch(const ModelConfig& config) const;
  // Sets the progress's and the schedule's marks for --anneal.
  absl::Status StartAnneal(Progress& progress);

  CLI::App* app_;
  std::string config_file_;
  std::string size_ = "xs";
  std::string init_;
  std::string tokens_;
  std::string device_ = "cpu";
  std::string compute_ = "auto";
  std::string schedule_ = "linear";
  std::string optimizer_name_ = "muon";
  bool plain_ = false;
  bool anneal_ = false;
  int replicas_ = 0;
  int nice_ = 0;
  double hours_of_audio_ = 0;
  double dropout_ = 0;
  std::string language_model_;
  int mwer_texts_ = 8;
  DataOptions data_;
  CorpusNumbers numbers_;
  LossOptions loss_;
  TokenNgramOptions ngram_;
  OptimizerOptions optimizer_;
  LoopOptions loop_;
};

}  // namespace rill::training
