#include "model/paper/speech/speech_command.h"

#include <ATen/ATen.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/paper/speech/bi_lstm.h"
#include "model/paper/speech/phone_manifests.h"
#include "model/paper/speech/speech_batch.h"
#include "model/training/encoder/encoder_module.h"
#include "model/training/run/evaluation.h"

namespace rill::paper {
namespace {

using at::Tensor;

constexpr char kLstm[] = "bi-lstm";

// Plain features: the paper says nothing of augmentation.
training::AugmentOptions NoAugmentation() {
  training::AugmentOptions none;
  none.speeds = {1.0};
  none.max_start_cut = 0;
  none.gain_db = 0;
  none.noise_probability = 0;
  none.frequency_masks = 0;
  none.time_mask_interval = 0;
  return none;
}

}  // namespace

SpeechCommand::SpeechCommand(CLI::App& program)
    : app_(program.add_subcommand("speech", "Recognises speech with CTC (table 3)")) {
  network_.causal = false;
  network_.layers = 5;
  network_.heads = 6;
  network_.width = 192;
  plan_.updates = 300;
  plan_.drop_after = 250;
  plan_.rate = 1e-3;
  plan_.clip = 5;
  plan_.evaluate_every = 200;
  data_options_.augment = NoAugmentation();
  data_options_.chunk_lengths = {0};
  data_options_.rows = 2;
  app_->footer(
      "Speech as rill-train takes it: folders with a manifest.tsv (docs/training.md). Results:\n"
      "RUN/speech.jsonl.\n"
      "\n"
      "  apt-get install festlex-cmu      # the pronouncing dictionary; or --units characters\n"
      "  rill-paper speech --data speech/train --dev speech/dev\n"
      "  rill-paper speech --data speech/train --dev speech/dev --model linear softmax --stack 1\n"
      "\n"
      "--stack 1 is the paper's 10 ms a frame; 4 makes sequences a quarter as long. The paper's\n"
      "networks have --layers 9; the defaults take a quarter of an hour.\n");
  AddRunFlags(*app_, run_);
  AddDataFlags();
  app_->add_option("--model", models_, "Of bi-lstm, softmax, sdpa, lsh-N, linear")
      ->capture_default_str();
  app_->add_option("--layers", network_.layers, "Of transformers")->capture_default_str();
  app_->add_option("--heads", network_.heads, "Of transformers")->capture_default_str();
  app_->add_option("--width", network_.width, "Of transformers")->capture_default_str();
  app_->add_option("--lstm-width", lstm_width_, "Of each direction of the three Bi-LSTM layers")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app_->add_option("--updates", plan_.updates, "Updates of each model")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app_->add_option("--rate", plan_.rate, "Learning rate of transformers (RAdam)")
      ->capture_default_str();
  app_->add_option("--lstm-rate", lstm_rate_, "Learning rate of the Bi-LSTM (Adam)")
      ->capture_default_str();
  app_->add_option("--drop-after", plan_.drop_after,
                   "Updates after which the rate is 1e-4; 0: never")
      ->capture_default_str();
  app_->add_option("--buckets", network_.lsh.buckets, "Of lsh-N")->capture_default_str();
  app_->add_option("--chunk", network_.lsh.chunk, "Of lsh-N, frames")->capture_default_str();
  app_->add_option("--seed", data_options_.seed, "Of weights and the order of clips")
      ->capture_default_str();
}

void SpeechCommand::AddDataFlags() {
  app_->add_option("--data", data_options_.train, "Folders (or manifests) to train on");
  app_->add_option("--dev", data_options_.dev, "Folders (or manifests) to evaluate on");
  app_->add_option("--cache", data_options_.cache_folder, "Folder of features; RUN/features");
  app_->add_option("--units", units_, "phones or characters")
      ->check(CLI::IsMember({"phones", "characters"}))
      ->capture_default_str();
  app_->add_option("--dictionary", dictionary_, "Pronouncing dictionary, of festlex-cmu")
      ->capture_default_str();
  app_->add_option("--stack", stack_, "Feature frames of 10 ms that make an input frame")
      ->check(CLI::IsMember({1, 2, 4}))
      ->capture_default_str();
  app_->add_option("--rows", data_options_.rows, "Of 17.9 s of clips each, in a batch")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
}

void SpeechCommand::Shrink() {
  network_.layers = 1;
  network_.heads = 2;
  network_.width = 16;
  network_.lsh = {.rounds = 1, .buckets = 4, .chunk = 8};
  lstm_width_ = 8;
  plan_.updates = 2;
  data_options_.rows = 1;
}

absl::Status SpeechCommand::Check() const {
  if (data_options_.train.empty()) return absl::InvalidArgumentError("--data is missing: folders");
  if (data_options_.dev.empty()) return absl::InvalidArgumentError("--dev is missing: folders");
  return absl::OkStatus();
}

absl::Status SpeechCommand::ChooseUnits() {
  absl::StatusOr<ModelConfig> config = NamedModelConfig("tiny");
  if (!config.ok()) return config.status();
  model_ = *std::move(config);
  model_.mel_bins = 40;  // as in the paper
  model_.tokens = CharacterTokens();
  if (units_ == "characters") return absl::OkStatus();
  const absl::StatusOr<PhoneDictionary> dictionary = PhoneDictionary::Open(dictionary_);
  if (absl::IsNotFound(dictionary.status())) {
    return absl::NotFoundError(absl::StrCat(
        "--dictionary ", dictionary_,
        ": no such file. It is in Debian's package festlex-cmu (8 MB): apt-get install "
        "festlex-cmu. Without it: --units characters"));
  }
  if (!dictionary.ok()) return dictionary.status();
  model_.tokens.resize(1);  // the blank
  for (const std::string& letter : dictionary->Letters()) model_.tokens.push_back(letter);
  for (auto* paths : {&data_options_.train, &data_options_.dev}) {
    const std::string part = paths == &data_options_.train ? "/phones/train" : "/phones/dev";
    const absl::StatusOr<PhoneManifests> phones =
        WritePhoneManifests(*paths, *dictionary, run_.folder + part);
    if (!phones.ok()) return phones.status();
    absl::FPrintF(stderr, "%s: %d clips, %d more have a word that is not in the dictionary\n", part,
                  phones->clips, phones->left_out);
    *paths = {phones->folder};
  }
  return absl::OkStatus();
}

ResultFile::Line SpeechCommand::Settings() const {
  return {{"units", units_},
          {"stack", stack_},
          {"rows", data_options_.rows},
          {"layers", network_.layers},
          {"heads", network_.heads},
          {"width", network_.width},
          {"lstm_width", lstm_width_},
          {"rate", plan_.rate},
          {"lstm_rate", lstm_rate_},
          {"drop_after", plan_.drop_after},
          {"buckets", network_.lsh.buckets},
          {"chunk", network_.lsh.chunk},
          {"seed", data_options_.seed},
          {"hours", data_->total_hours()},
          {"batches_per_epoch", data_->source().batches_per_pass()}};
}

absl::StatusOr<std::unique_ptr<Network>> SpeechCommand::MakeNetwork(const std::string& name) const {
  const int64_t features = stack_ * model_.mel_bins;
  const int64_t outputs = static_cast<int64_t>(model_.tokens.size());
  if (name == kLstm) {
    return std::make_unique<BiLstm>(BiLstmConfig{.features = features,
                                                 .width = lstm_width_,
                                                 .outputs = outputs,
                                                 .seed = data_options_.seed});
  }
  TransformerConfig config = network_;
  config.attention = name;
  config.features = features;
  config.outputs = outputs;
  config.positions = data_options_.row_frames * (kFeatureFramesPerFrame / stack_);
  for (const training::EvaluationSet& set : data_->evaluation_sets()) {
    for (int64_t i = 0; i < set.batches(); ++i) {
      const int64_t frames = set.Get(i).batch.frames * (kFeatureFramesPerFrame / stack_);
      config.positions = std::max(config.positions, frames);
    }
  }
  config.seed = data_options_.seed;
  return Transformer::Create(config);
}

absl::StatusOr<Tensor> SpeechCommand::Loss(const Network& network, int64_t number) const {
  const absl::StatusOr<training::Batch> packed = data_->source().Get(number);
  if (!packed.ok()) return packed.status();
  const SpeechBatch batch = UnpackClips(*packed, stack_);
  int64_t skipped = 0;
  const Tensor logits = network.Forward(batch.frames, batch.lengths, number);
  return training::CtcLossSum(logits, batch.clips, &skipped) /
         std::max<double>(1, static_cast<double>(packed->characters));
}

ResultFile::Line SpeechCommand::Evaluate(const Network& network) const {
  ResultFile::Line line;
  for (const training::EvaluationSet& set : data_->evaluation_sets()) {
    training::EditCounts errors;
    for (int64_t i = 0; i < set.batches(); ++i) {
      const training::EvaluationBatch clips = set.Get(i);
      const SpeechBatch batch = UnpackClips(clips.batch, stack_);
      const Tensor logits = network.Forward(batch.frames, batch.lengths, i).contiguous();
      for (size_t c = 0; c < batch.clips.size(); ++c) {
        const std::string heard =
            training::GreedyText(logits[static_cast<int64_t>(c)].const_data_ptr<float>(),
                                 batch.clips[c].frames, logits.size(2), model_.tokens);
        errors += training::CharacterErrors(clips.references[batch.source[c]], heard);
      }
    }
    line["error_rate"][set.name()] = errors.rate();
  }
  return line;
}

absl::Status SpeechCommand::TrainOne(const std::string& name, RunFolder& folder) const {
  const absl::StatusOr<std::unique_ptr<Network>> network = MakeNetwork(name);
  if (!network.ok()) return network.status();
  TrainingPlan plan = plan_;
  plan.name = "speech-" + name;
  if (name == kLstm) {
    plan.rate = lstm_rate_;
    plan.optimizer.rectify = false;
  }
  plan.loss = [&](int64_t number) { return Loss(**network, number); };
  plan.evaluate = [&] { return Evaluate(**network); };
  if (absl::Status status = Train(plan, (*network)->parameters(), folder); !status.ok()) {
    return status;
  }
  const auto* line =
      folder.results().Find({{"model", plan.name}, {"update", plan.updates}, {"evaluation", true}});
  if (line == nullptr) return absl::OkStatus();
  for (const auto& [set, rate] : line->at("error_rate").items()) {
    absl::PrintF("%-10s  %s: %.2f %% of %s wrong after %d updates\n", name, set, rate.get<double>(),
                 units_, plan.updates);
  }
  return absl::OkStatus();
}

absl::Status SpeechCommand::Run() {
  if (run_.smoke) Shrink();
  if (absl::Status status = Check(); !status.ok()) return status;
  if (data_options_.cache_folder.empty()) data_options_.cache_folder = run_.folder + "/features";
  if (absl::Status status = ChooseUnits(); !status.ok()) return status;
  auto data = training::TrainingData::Open(data_options_, model_);
  if (!data.ok()) return data.status();
  data_ = *std::move(data);
  absl::StatusOr<RunFolder> folder = RunFolder::Open(run_, "speech", Settings());
  if (!folder.ok()) return folder.status();
  for (const std::string& name : models_) {
    const absl::Status status = TrainOne(name, *folder);
    if (absl::IsCancelled(status)) return absl::OkStatus();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace rill::paper
