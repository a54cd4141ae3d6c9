#include "model/training/data/training_data.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/training/data/batch_loader.h"
#include "model/training/data/batch_maker.h"
#include "model/training/data/clip_store.h"
#include "model/training/data/corpus_weights.h"
#include "model/training/data/feature_cache.h"
#include "model/training/data/manifest.h"
#include "model/training/data/noise_folder.h"
#include "model/training/data/pass_plan.h"
#include "model/training/data/phone_table.h"
#include "model/training/data/token_table.h"

namespace rill::training {
namespace {

// Padding included; about what a training batch holds.
constexpr int64_t kEvaluationFrames = 8 * 448;

// Features of silence do not vary; their inverse deviation must stay finite.
constexpr double kLeastDeviation = 1e-3;

FeatureStatistics StatisticsOf(const FeatureSums& sums) {
  FeatureStatistics statistics;
  const double frames = static_cast<double>(std::max<int64_t>(sums.frames, 1));
  for (size_t bin = 0; bin < sums.sum.size(); ++bin) {
    const double mean = sums.sum[bin] / frames;
    const double variance = std::max(sums.squares[bin] / frames - mean * mean, 0.0);
    statistics.mean.push_back(static_cast<float>(mean));
    statistics.inv_std.push_back(
        static_cast<float>(1 / std::max(std::sqrt(variance), kLeastDeviation)));
  }
  return statistics;
}

// Everything lives here at its final address: the parts refer to each other.
class OpenTrainingData : public TrainingData {
 public:
  OpenTrainingData(const DataOptions& options, const ModelConfig& config)
      : options_(options), config_(config) {
    if (!options_.log) {
      options_.log = [](const std::string& line) { absl::FPrintF(stderr, "%s\n", line); };
    }
    const std::vector<double>& speeds = options_.augment.speeds;
    plain_speed_ = static_cast<int>(std::find(speeds.begin(), speeds.end(), 1.0) - speeds.begin());
  }

  absl::Status Open();

  BatchSource& source() override { return *loader_; }
  const std::vector<EvaluationSet>& evaluation_sets() const override { return evaluation_sets_; }
  const FeatureStatistics& statistics() const override { return statistics_; }
  const std::vector<CorpusSummary>& corpora() const override { return summaries_; }
  int64_t teacher_groups() const override { return teacher_groups_; }
  std::vector<std::vector<int32_t>> DistinctTexts() const override;
  int32_t space() const override { return space_; }
  double total_hours() const override;
  double hours_per_pass() const override;

 private:
  absl::Status ReadCorpora();
  // Null: no pronunciations.
  absl::StatusOr<std::unique_ptr<PhoneTable>> OpenPhones() const;
  // A corpus each; null: none.
  absl::StatusOr<std::vector<std::unique_ptr<TeacherCodes>>> ReadTeacher(
      const std::vector<Manifest>& train);
  absl::Status ChooseStatistics();
  absl::Status StartLoader();
  void Summarise();

  DataOptions options_;
  const ModelConfig config_;
  int plain_speed_ = 0;  // index of 1

  std::vector<TrainingCorpus> train_;
  int32_t space_ = 0;
  int64_t teacher_groups_ = 0;
  std::vector<std::unique_ptr<ClipStore>> dev_;
  std::unique_ptr<FeatureFile> noise_;
  FeatureStatistics statistics_;
  std::vector<EvaluationSet> evaluation_sets_;
  std::vector<CorpusSummary> summaries_;

  std::unique_ptr<PassPlanner> planner_;
  std::unique_ptr<Augmenter> augmenter_;
  std::unique_ptr<BatchMaker> maker_;
  std::unique_ptr<BatchLoader> loader_;  // last: its threads use all the rest
};

absl::Status OpenTrainingData::Open() {
  absl::Status status = options_.Validate();
  if (status.ok()) status = ReadCorpora();
  if (status.ok()) status = ChooseStatistics();
  if (status.ok()) status = StartLoader();
  if (!status.ok()) return status;
  for (const auto& corpus : dev_) {
    evaluation_sets_.emplace_back(*corpus, statistics_, kEvaluationFrames);
  }
  Summarise();
  return absl::OkStatus();
}

absl::Status OpenTrainingData::ReadCorpora() {
  const auto train = ReadManifests(options_.train);
  if (!train.ok()) return train.status();
  const auto dev = ReadManifests(options_.dev);
  if (!dev.ok()) return dev.status();
  const auto tokens = TokenTable::Create(config_.tokens, config_.token_scores);
  if (!tokens.ok()) return tokens.status();
  const auto opened_phones = OpenPhones();
  if (!opened_phones.ok()) return opened_phones.status();
  const PhoneTable* const phones = opened_phones->get();
  space_ = phones != nullptr ? phones->space() : tokens->space();
  std::vector<std::string> names;
  for (const Manifest& manifest : *train) names.push_back(manifest.name);
  absl::Status status = CheckAllFit("shares", options_.shares, names);
  status.Update(CheckAllFit("loss_weights", options_.loss_weights, names));
  if (!status.ok()) return status;

  // Texts and codes first: their faults should show before minutes of computing features.
  for (const auto* manifests : {&*train, &*dev}) {
    for (const Manifest& manifest : *manifests) {
      if (status = CheckTexts(manifest, *tokens, phones); !status.ok()) return status;
    }
  }
  auto teacher = ReadTeacher(*train);
  if (!teacher.ok()) return teacher.status();
  std::vector<RecordingList> lists;
  for (const Manifest& manifest : *train) {
    lists.push_back(RecordingsOf(manifest, options_.augment.speeds));
  }
  for (const Manifest& manifest : *dev) lists.push_back(RecordingsOf(manifest, {1.0}));
  if (!options_.noise.empty()) {
    auto sounds = NoiseRecordings(options_.noise, NoisePart::kTraining);
    if (!sounds.ok()) return sounds.status();
    lists.push_back(*std::move(sounds));
  }

  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const FeatureCache cache({options_.cache_folder, config_.sample_rate, config_.mel_bins,
                            options_.cache_workers > 0 ? options_.cache_workers : cores,
                            options_.progress, options_.log});
  auto files = cache.Open(lists);
  if (!files.ok()) return files.status();

  size_t next = 0;
  for (const Manifest& manifest : *train) {
    auto clips = ClipStore::Create(manifest, *tokens, phones, std::move((*files)[next++]));
    if (!clips.ok()) return clips.status();
    train_.push_back({*std::move(clips), WeightOf(options_.shares, manifest.name),
                      WeightOf(options_.loss_weights, manifest.name),
                      std::move((*teacher)[train_.size()])});
  }
  for (const Manifest& manifest : *dev) {
    auto clips = ClipStore::Create(manifest, *tokens, phones, std::move((*files)[next++]));
    if (!clips.ok()) return clips.status();
    dev_.push_back(*std::move(clips));
  }
  if (next < files->size()) noise_ = std::move((*files)[next][0]);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<PhoneTable>> OpenTrainingData::OpenPhones() const {
  if (options_.pronunciations.empty()) return nullptr;
  absl::StatusOr<PhoneTable> table = PhoneTable::Open(options_.pronunciations);
  if (!table.ok()) return table.status();
  if (table->phones() != config_.phones) {
    return absl::InvalidArgumentError(
        absl::StrCat("pronunciations: ", options_.pronunciations,
                     config_.phones.empty() ? " is for a model that hears phones; this one does not"
                                            : " has other phones than the model"));
  }
  return std::make_unique<PhoneTable>(*std::move(table));
}

absl::StatusOr<std::vector<std::unique_ptr<TeacherCodes>>> OpenTrainingData::ReadTeacher(
    const std::vector<Manifest>& train) {
  std::vector<std::unique_ptr<TeacherCodes>> teacher(train.size());
  if (options_.teacher.empty()) return teacher;
  for (size_t i = 0; i < train.size(); ++i) {
    auto codes = TeacherCodes::Open(options_.teacher, train[i]);
    if (!codes.ok()) return codes.status();
    if (*codes == nullptr || (*codes)->groups() == 0) continue;
    const int64_t groups = (*codes)->groups();
    if (teacher_groups_ == 0) teacher_groups_ = groups;
    if (groups != teacher_groups_) {
      return absl::InvalidArgumentError(
          absl::StrCat(options_.teacher, "/", train[i].name, ".codes.tsv: ", groups,
                       " codes a frame where other corpora have ", teacher_groups_));
    }
    teacher[i] = *std::move(codes);
  }
  if (teacher_groups_ > 0) return teacher;
  return absl::NotFoundError(
      absl::StrCat("teacher: ", options_.teacher, " has no CORPUS.codes.tsv of any corpus"));
}

absl::Status OpenTrainingData::ChooseStatistics() {
  if (options_.statistics.has_value()) {
    statistics_ = *options_.statistics;
    if (static_cast<int>(statistics_.mean.size()) == config_.mel_bins) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("statistics are of ", statistics_.mean.size(),
                                                   " bins; the model has ", config_.mel_bins));
  }
  FeatureSums sums;
  for (const TrainingCorpus& corpus : train_) {
    if (corpus.share > 0) sums += corpus.clips->sums(plain_speed_);
  }
  statistics_ = StatisticsOf(sums);
  return absl::OkStatus();
}

absl::Status OpenTrainingData::StartLoader() {
  if (options_.train.empty()) {
    const auto none = [](int64_t) -> absl::StatusOr<Batch> {
      return absl::FailedPreconditionError("opened for evaluation only: train is empty");
    };
    loader_ = std::make_unique<BatchLoader>(none, 0, 0, 1);
    return absl::OkStatus();
  }
  planner_ = std::make_unique<PassPlanner>(train_, options_);
  augmenter_ = std::make_unique<Augmenter>(options_.augment, statistics_, noise_.get());
  double each_pass = 0;
  for (size_t i = 0; i < train_.size(); ++i) {
    each_pass += train_[i].share * static_cast<double>(planner_->usable(i).size());
  }
  if (each_pass < 1) {
    return absl::InvalidArgumentError(
        "a pass has no clip: none fits into a row and has frames for its labels, or shares are 0");
  }
  maker_ = std::make_unique<BatchMaker>(train_, *planner_, *augmenter_, options_);
  const int64_t per_pass = std::max<int64_t>(1, maker_->rows_per_pass() / options_.rows);
  loader_ = std::make_unique<BatchLoader>(
      [maker = maker_.get()](int64_t index) { return maker->Make(index); }, per_pass,
      options_.workers, options_.batches_ahead);
  return absl::OkStatus();
}

void OpenTrainingData::Summarise() {
  for (size_t i = 0; i < train_.size(); ++i) {
    const TrainingCorpus& corpus = train_[i];
    CorpusSummary summary;
    summary.name = corpus.clips->name();
    summary.clips = static_cast<int64_t>(planner_->usable(i).size());
    summary.dropped = corpus.clips->size() - summary.clips;
    for (const int32_t clip : planner_->usable(i)) {
      const int64_t frames = corpus.clips->features(clip, plain_speed_).frames;
      summary.hours += static_cast<double>(frames) * kFeatureShiftMs / 3.6e6;
    }
    summary.share = corpus.share;
    summary.loss_weight = corpus.loss_weight;
    options_.log(
        absl::StrFormat("train %s: %d clips, %.2f h, %d dropped, share %g, loss weight %g%s",
                        summary.name, summary.clips, summary.hours, summary.dropped, summary.share,
                        summary.loss_weight, corpus.teacher != nullptr ? ", with a teacher" : ""));
    summaries_.push_back(std::move(summary));
  }
  for (const EvaluationSet& set : evaluation_sets_) {
    options_.log(absl::StrFormat("dev %s: %d clips, %.2f h, %d dropped", set.name(), set.clips(),
                                 set.hours(), set.dropped()));
  }
  if (train_.empty()) return;
  options_.log(absl::StrFormat("%.2f h of speech, %.2f h a pass in about %d batches", total_hours(),
                               hours_per_pass(), loader_->batches_per_pass()));
}

std::vector<std::vector<int32_t>> OpenTrainingData::DistinctTexts() const {
  std::set<std::vector<int32_t>> texts;
  for (const TrainingCorpus& corpus : train_) {
    for (int64_t i = 0; i < corpus.clips->size(); ++i) {
      const Clip& clip = corpus.clips->clip(i);
      texts.insert(options_.pronunciations.empty() ? clip.labels : clip.phones);
    }
  }
  return {texts.begin(), texts.end()};
}

double OpenTrainingData::total_hours() const {
  double hours = 0;
  for (const CorpusSummary& summary : summaries_) hours += summary.hours;
  return hours;
}

double OpenTrainingData::hours_per_pass() const {
  double hours = 0;
  for (const CorpusSummary& summary : summaries_) hours += summary.hours * summary.share;
  return hours;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainingData>> TrainingData::Open(const DataOptions& options,
                                                                 const ModelConfig& config) {
  auto data = std::make_unique<OpenTrainingData>(options, config);
  if (absl::Status status = data->Open(); !status.ok()) return status;
  return data;
}

}  // namespace rill::training
