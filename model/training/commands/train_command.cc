#include "model/training/commands/train_command.h"

#include <sys/resource.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/training/commands/device.h"
#include "model/training/commands/stop_signal.h"
#include "model/training/data/phone_table.h"
#include "model/training/data/teacher_codes.h"
#include "model/training/data/training_data.h"
#include "model/training/encoder/encoder_trainable.h"
#include "model/training/run/folder_lock.h"
#include "model/training/tokens/piece_file.h"

namespace rill::training {

TrainCommand::TrainCommand(CLI::App& program)
    : app_(program.add_subcommand(
          "train", "Trains a model, or goes on with a run from its newest checkpoint")) {
  app_->footer(
      "A run lives in one folder (--run): checkpoints, metrics.jsonl, and best.safetensors, the\n"
      "best model so far. The same command goes on where the run stopped; Ctrl-C stops it safely.\n"
      "\n"
      "  rill-train train --run runs/first --data speech/train --dev speech/dev --time 8h\n"
      "  rill-train train --config first.toml\n");
  AddRunFlags();
  AddDevelopmentFlags(*app_, data_);
  AddTrainingDataFlags(*app_, data_, numbers_);
  AddLossFlags();
  AddScheduleFlags();
  AddMachineFlags();
}

void TrainCommand::AddRunFlags() {
  app_->add_option(
      "--config", config_file_,
      "TOML file of these flags (data = [\"a\", \"b\"], time = \"8h\"); the command line wins");
  app_->add_option("--run", loop_.folder, "Folder of the run; made if missing, resumed if not");
  app_->add_option("--size", size_, "Size of a new model: tiny, xs, s or m")->capture_default_str();
  app_->add_option("--init", init_,
                   "Model file whose size, weights and feature statistics a new run starts from; "
                   "with a larger --size it grows into that, and begins with the same output");
  app_->add_option("--tokens", tokens_,
                   "Pieces of words that a new model writes with, as `rill-train tokens` chooses "
                   "them; if not given, single letters, or the tokens of --init. With --init the "
                   "outputs begin anew if these are others")
      ->check(CLI::ExistingFile);
  app_->add_option("--log-steps", loop_.log_steps, "Steps between two lines of progress")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app_->add_option("--evaluate-every", loop_.evaluate_seconds, "Time between two evaluations")
      ->transform(DurationCheck())
      ->default_str("30m");
  app_->add_option("--checkpoint-every", loop_.checkpoint_seconds, "Time between two checkpoints")
      ->transform(DurationCheck())
      ->default_str("10m");
  app_->add_option(
          "--keep-every", loop_.keep_every,
          "Checkpoints kept for ever: each one whose number this divides; 0: only the last two")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app_->add_option("--chunk", loop_.chunk_frames, "Frames of 40 ms a chunk in evaluations")
      ->check(CLI::IsMember({1, 2, 4, 8, 16}))
      ->capture_default_str();
}

void TrainCommand::AddLossFlags() {
  app_->add_option("--intermediate", loss_.intermediate,
                   "Share of the CTC in the middle of the encoder in the loss")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str();
  app_->add_option("--letters", loss_.letters,
                   "With --pronunciations: share of the letters' CTC at the top; what is left has "
                   "that of the phones, which --crf is about then")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app_->add_option(
          "--consistency", loss_.consistency,
          "CR-CTC, such as 0.2: a factor on how much the outputs for two maskings of a clip "
          "differ. Every row is then computed twice: halve --rows")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  app_->add_option("--crf", loss_.crf,
                   "Such as 0.9: how far the CTC at the top is CTC-CRF, which knows how likely it "
                   "is that a token follows others. For a model that spells already (slow with "
                   "one that does not) and will be decoded with a language model")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app_->add_option("--crf-order", ngram_.order,
                   "Length of its n-grams, in tokens; they are of the texts of --data")
      ->check(CLI::Range(1, 8))
      ->capture_default_str();
  app_->add_option("--crf-lm-weight", ngram_.scale, "A factor on their log-probabilities")
      ->check(CLI::Range(0.0, 2.0))
      ->capture_default_str();
  app_->add_option(
          "--crf-token-bonus", ngram_.token_bonus,
          "Nats for each token of a text, spaces too: some more than they take off, which is 1.3 "
          "to 1.4 a letter for 5-grams of English")
      ->check(CLI::Range(-5.0, 5.0))
      ->capture_default_str();
  app_->add_option(
          "--mwer", loss_.mwer,
          "Such as 25: a factor on the word errors to be expected of the decoder's texts of a clip "
          "(minimum word error rate training); needs --language-model")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
  app_->add_option("--mwer-texts", mwer_texts_, "So many texts a clip, found by the server's beam")
      ->check(CLI::Range(2, 100))
      ->capture_default_str();
  app_->add_option("--language-model", language_model_, "For --mwer: a file that rill-lm made");
  app_->add_option("--dropout", dropout_,
                   "Such as 0.1: part of what each branch of the encoder adds that is left out, "
                   "against learning the data by heart")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str();
  app_->add_option("--teacher-weight", loss_.teacher,
                   "A factor on the loss of guessing what --teacher heard, which is in nats a "
                   "frame; 0.3 makes it about as large as that of the texts")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  app_->add_option(
          "--delay-penalty", loss_.delay_penalty,
          "Nats, such as 0.01: makes letters come earlier. For a model that spells already")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
}

void TrainCommand::AddScheduleFlags() {
  app_->add_option("--hours-of-audio", hours_of_audio_, "The run ends after so many hours of audio")
      ->check(CLI::PositiveNumber);
  app_->add_option("--time", loop_.schedule.wall_seconds,
                   "The run ends after so much time in training (2h, 90m), pauses not counted")
      ->transform(DurationCheck());
  app_->add_option("--steps", loop_.schedule.steps,
                   "The run ends after so many steps: to compare runs with each other")
      ->check(CLI::PositiveNumber);
  app_->add_option("--max-steps", loop_.max_steps, "Stop after so many steps, to go on later")
      ->check(CLI::PositiveNumber);
  app_->add_option("--schedule", schedule_,
                   "linear: constant at first, then straight down to 0 at the end of the run; "
                   "constant: for ever, to be annealed later")
      ->check(CLI::IsMember({"linear", "constant"}))
      ->capture_default_str();
  app_->add_flag("--anneal", anneal_,
                 "Ends a run: from its newest checkpoint straight down to 0 within --time, "
                 "--hours-of-audio or --steps, counted from now");
  app_->add_option("--constant-share", loop_.schedule.constant_share,
                   "Part of a linear run before the rate falls")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app_->add_option("--rate", loop_.schedule.peak_rate, "Highest learning rate")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app_->add_option("--warmup-steps", loop_.schedule.warmup_steps, "Steps up to the highest rate")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app_->add_option("--optimizer", optimizer_name_,
                   "muon: Muon for the blocks' matrices, AdamW for the rest; adamw: AdamW for all")
      ->check(CLI::IsMember({"muon", "adamw"}))
      ->capture_default_str();
  app_->add_option("--weight-decay", optimizer_.weight_decay, "Of matrices")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app_->add_option("--average-decay", optimizer_.average_decay,
                   "Of the moving average of the weights, which is evaluated and exported")
      ->check(CLI::Range(0.0, 0.999999))
      ->capture_default_str();
}

void TrainCommand::AddMachineFlags() {
  app_->add_option(
          "--replicas", replicas_,
          "Copies of the model that take batches at the same time, one core each; 0: one a "
          "core (one on a GPU). A run's results depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app_->add_option("--device", device_, "cpu or cuda")->capture_default_str();
  app_->add_option("--compute", compute_,
                   "float, bf16, or auto: bf16 where the processor is fast at it")
      ->capture_default_str();
  app_->add_flag("--plain", plain_, "LibTorch's own operations instead of rill's kernels");
  app_->add_option("--nice", nice_, "Lower the priority: 19 leaves the machine to others")
      ->check(CLI::Range(0, 19))
      ->capture_default_str();
}

absl::Status TrainCommand::Check() {
  if (!config_file_.empty()) {
    if (absl::Status status = ApplyConfigFile(config_file_, *app_); !status.ok()) return status;
  }
  if (loop_.folder.empty()) return absl::InvalidArgumentError("--run is missing: a folder");
  if (data_.train.empty()) return absl::InvalidArgumentError("--data is missing: folders");
  if (data_.cache_folder.empty()) data_.cache_folder = loop_.folder + "/features";
  loop_.schedule.audio_seconds = 3600 * hours_of_audio_;
  loop_.schedule.open_ended = schedule_ == "constant" && !anneal_;
  optimizer_.muon = optimizer_name_ == "muon";
  const bool has_end = loop_.schedule.audio_seconds > 0 || loop_.schedule.wall_seconds > 0 ||
                       loop_.schedule.steps > 0;
  if (!has_end && !loop_.schedule.open_ended) {
    return absl::InvalidArgumentError(
        "the run has no end: give --time, --hours-of-audio or --steps, or --schedule constant");
  }
  if (replicas_ == 0) {
    replicas_ = device_ == "cuda" ? 1 : static_cast<int>(std::thread::hardware_concurrency());
  }
  if (device_ == "cuda" && replicas_ > 1) {
    return absl::InvalidArgumentError(
        "--replicas: one on a GPU, which a batch of more --rows keeps busy");
  }
  if (data_.teacher.empty() && app_->get_option("--teacher-weight")->count() > 0) {
    return absl::InvalidArgumentError("--teacher-weight needs --teacher");
  }
  if (data_.pronunciations.empty() && app_->get_option("--letters")->count() > 0) {
    return absl::InvalidArgumentError("--letters needs --pronunciations");
  }
  if ((loss_.mwer > 0) == language_model_.empty()) {
    return absl::InvalidArgumentError(loss_.mwer > 0 ? "--mwer needs --language-model"
                                                     : "--language-model is for --mwer");
  }
  if (loss_.consistency > 0) data_.views = 2;
  return ParseCorpusNumbers(numbers_, data_);
}

absl::Status TrainCommand::ChooseModel(ModelConfig* config) {
  absl::StatusOr<ModelConfig> named = NamedModelConfig(size_);
  if (!named.ok()) return named.status();
  *config = *std::move(named);
  if (!init_.empty()) {
    const absl::StatusOr<std::unique_ptr<ModelFile>> model = ModelFile::Open(init_);
    if (!model.ok()) return model.status();
    const ModelConfig& before = (*model)->config();
    if (app_->get_option("--size")->count() == 0) *config = before;
    config->tokens = before.tokens;
    config->token_scores = before.token_scores;
    if (!before.phones.empty() && data_.pronunciations.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("--init ", init_,
                       " hears phones: give --pronunciations, too, with the same phones to "
                       "go on with these, or with others to begin with those anew"));
    }
    data_.statistics =
        FeatureStatistics{(*model)->Tensor("features.mean"), (*model)->Tensor("features.inv_std")};
  }
  if (!data_.pronunciations.empty()) {
    absl::StatusOr<PhoneTable> table = PhoneTable::Open(data_.pronunciations);
    if (!table.ok()) return table.status();
    config->phones = table->phones();
    if (absl::Status status = config->Validate(); !status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--pronunciations ", data_.pronunciations, ": ", status.message()));
    }
  }
  return tokens_.empty() ? absl::OkStatus() : ReadPieces(tokens_, config);
}

absl::Status TrainCommand::CheckTokens(const ModelConfig& config) const {
  if (tokens_.empty()) return absl::OkStatus();
  ModelConfig wanted = config;
  if (absl::Status status = ReadPieces(tokens_, &wanted); !status.ok()) return status;
  if (wanted.tokens == config.tokens && wanted.token_scores == config.token_scores) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "--tokens ", tokens_, ": the run began with other tokens; start a new one, with --init"));
}

absl::Status TrainCommand::CheckSources(const Checkpoint& start) const {
  const auto check = [](const char* flag, bool begun_with, bool given) {
    if (begun_with == given) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        flag, begun_with ? " is missing: the run began with it"
                         : ": the run began without it; start a new one, with --init"));
  };
  absl::Status status =
      check("--teacher", start.Find("master.teacher.weight") != nullptr, !data_.teacher.empty());
  status.Update(
      check("--pronunciations", !start.config.phones.empty(), !data_.pronunciations.empty()));
  return status;
}

absl::StatusOr<Checkpoint> TrainCommand::Start(RunLog& log) {
  std::vector<std::string> notes;
  absl::StatusOr<std::optional<Checkpoint>> newest =
      CheckpointFolder(loop_.folder, loop_.keep_every).LoadNewest(&notes);
  for (const std::string& note : notes) log.Note(note);
  if (!newest.ok()) return newest.status();
  Checkpoint start;
  if (newest->has_value()) {
    start = **std::move(newest);
    log.Note(absl::StrFormat("going on with %s after step %d, %.2f h of audio", loop_.folder,
                             start.progress.step, start.progress.audio_seconds / 3600));
    data_.statistics = start.statistics;
    absl::Status status = CheckTokens(start.config);
    status.Update(CheckSources(start));
    if (!status.ok()) return status;
  } else if (absl::Status status = ChooseModel(&start.config); !status.ok()) {
    return status;
  }
  start.options = app_->config_to_str(/*default_also=*/true);
  return start;
}

absl::Status TrainCommand::StartAnneal(Progress& progress) {
  if (!anneal_) {
    if (!progress.annealing) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "this run is being annealed: give --anneal to finish that, or start a new run with --init");
  }
  if (progress.step == 0) {
    return absl::FailedPreconditionError("--anneal ends a run, but this one has no checkpoint yet");
  }
  if (!progress.annealing) {
    progress.annealing = true;
    progress.anneal_audio_seconds = progress.audio_seconds;
    progress.anneal_wall_seconds = progress.wall_seconds;
    progress.anneal_step = progress.step;
  }
  loop_.schedule.warmup_steps = 0;
  loop_.schedule.constant_share = 0;
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const TextSearch>> TrainCommand::OpenSearch(
    const ModelConfig& config) const {
  if (loss_.mwer == 0) return nullptr;
  absl::StatusOr<std::unique_ptr<LanguageModel>> model = LanguageModel::Open(language_model_);
  if (!model.ok()) return model.status();
  const bool by_phones = !config.phones.empty();
  if ((*model)->lexicon().phones().empty() == by_phones) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--language-model ", language_model_, ": ",
        by_phones ? "knows no pronunciations: build it with `rill-lm build --pronunciations`"
                  : "knows words by their phones, and the model is trained without "
                    "--pronunciations"));
  }
  return TextSearch::Create(by_phones ? config.phones : config.tokens, *std::move(model),
                            TextSearch::DefaultOptions(), mwer_texts_);
}

absl::Status TrainCommand::Run() {
  if (absl::Status status = Check(); !status.ok()) return status;
  if (nice_ > 0) setpriority(PRIO_PROCESS, 0, nice_);
  absl::StatusOr<FolderLock> lock = FolderLock::Take(loop_.folder);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<RunLog> log = RunLog::Open(loop_.folder);
  if (!log.ok()) return log.status();
  absl::StatusOr<Checkpoint> start = Start(*log);
  if (!start.ok()) return start.status();
  if (absl::Status status = StartAnneal(start->progress); !status.ok()) return status;
  absl::StatusOr<EncoderModule::Options> module = ModuleOptions(device_, compute_);
  if (!module.ok()) return module.status();
  if (plain_) module->attention.reset();
  if (module->device.is_cuda() && !module->attention.has_value()) {
    log->Note("attention takes quadratic time: --plain, or no librill_cuda_attention.so");
  }
  module->plain = plain_ || module->device.is_cuda();
  module->seed = data_.seed;
  module->dropout = dropout_;

  absl::StatusOr<std::shared_ptr<const TextSearch>> search = OpenSearch(start->config);
  if (!search.ok()) return search.status();

  absl::StatusOr<std::unique_ptr<TrainingData>> data = TrainingData::Open(data_, start->config);
  if (!data.ok()) return data.status();
  start->statistics = (*data)->statistics();
  module->teacher_outputs = (*data)->teacher_groups() * kTeacherClasses;

  std::shared_ptr<const TokenNgram> ngram;
  if (loss_.crf > 0) {
    const ModelConfig& config = start->config;
    const int vocab = config.phones.empty() ? config.num_tokens() : config.num_phones();
    auto built = TokenNgram::Build((*data)->DistinctTexts(), vocab, (*data)->space(), ngram_);
    if (!built.ok()) return built.status();
    log->Note(absl::StrFormat("CRF: %d-grams, %d states", ngram_.order, built->states()));
    ngram = std::make_shared<TokenNgram>(*std::move(built));
  }
  auto model =
      std::make_unique<EncoderTrainable>(std::make_unique<EncoderModule>(start->config, *module),
                                         loss_, std::move(ngram), *std::move(search));
  Trainer trainer(std::move(model), start->config.attention_width(), replicas_, optimizer_);
  absl::Status status;
  if (!start->tensors.empty()) {
    status = trainer.LoadTensors(start->tensors);
  } else if (!init_.empty()) {
    absl::StatusOr<std::unique_ptr<ModelFile>> file = ModelFile::Open(init_);
    status = file.ok() ? trainer.LoadModel(**file, start->config) : file.status();
  }
  if (!status.ok()) return status;
  trainer.progress() = start->progress;
  start->tensors.clear();

  log->Note(absl::StrFormat("%.1f hours of speech, %.1f a pass; %d replicas",
                            (*data)->total_hours(), (*data)->hours_per_pass(), replicas_));
  log->Event("start", {{"options", start->options}, {"step", start->progress.step}});
  InstallStopSignals();
  loop_.stop = StopRequested;
  TrainingLoop loop(trainer, (*data)->source(), (*data)->evaluation_sets(), *std::move(start), *log,
                    loop_);
  return loop.Run();
}

}  // namespace rill::training
