#include "model/training/commands/command_flags.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/training/run/checkpoint_folder.h"

namespace rill::training {
namespace {

absl::Status ParseNumbers(const std::string& flag, const std::vector<std::string>& entries,
                          std::map<std::string, double>& result) {
  for (const std::string& entry : entries) {
    const size_t equals = entry.rfind('=');
    double value = 0;
    if (equals == std::string::npos || equals == 0 ||
        !absl::SimpleAtod(entry.substr(equals + 1), &value) || !std::isfinite(value) || value < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, " ", entry, ": must be CORPUS=NUMBER, as in speech-commands*=0.2"));
    }
    result[entry.substr(0, equals)] = value;
  }
  return absl::OkStatus();
}

}  // namespace

void AddDevelopmentFlags(CLI::App& app, DataOptions& options) {
  app.add_option(
      "--dev", options.dev,
      "Folders (or manifests) to evaluate on: one word and character error rate for each "
      "manifest.tsv found below");
  app.add_option(
      "--cache", options.cache_folder,
      "Folder for computed features, which later runs on the same speech take from there "
      "(about 170 MB an hour of training speech); RUN/features if not given; for `evaluate "
      "--model` the user's cache folder");
  app.add_option("--pronunciations", options.pronunciations,
                 "File of how words are said (CMUdict's format: WORD PHONE PHONE), every word of "
                 "the texts among them: for a model that hears phones, too, as a beam with a "
                 "language model that knows the same file takes them")
      ->check(CLI::ExistingFile);
}

namespace {

void AddAugmentationFlags(CLI::App& app, AugmentOptions& augment) {
  const auto probability = [&](const char* flag, double& value, const char* help) {
    app.add_option(flag, value, help)->check(CLI::Range(0.0, 1.0))->capture_default_str();
  };
  app.add_option(
         "--speeds", augment.speeds,
         "Each clip is heard at one of these; 1 must be among them. Each has its own part of "
         "the cache")
      ->check(CLI::Range(0.5, 2.0))
      ->capture_default_str();
  app.add_option("--frequency-warp", augment.frequency_warp,
                 "Frequencies are moved by up to this part, to other voices (VTLP)")
      ->check(CLI::Range(0.0, 0.3))
      ->capture_default_str();
  probability("--noise-probability", augment.noise_probability,
              "Part of the clips with a sound of --noise mixed in, 5 to 25 dB below the speech");
  probability("--reverberation", augment.reverberation_probability,
              "Part of the clips with the echo of a room");
  probability("--telephone", augment.telephone_probability,
              "Part of the clips limited to a telephone's band, some 300 to 3,400 Hz");
  probability("--codec", augment.codec_probability,
              "Part of the clips with the noise of a lossy codec");
  app.add_option("--gain-db", augment.gain_db, "Louder or softer by up to so much, in decibels")
      ->check(CLI::Range(0.0, 60.0))
      ->capture_default_str();
  app.add_option("--equalizer-db", augment.equalizer_db,
                 "And by up to so much more at each of a few frequencies, as microphones do")
      ->check(CLI::Range(0.0, 30.0))
      ->capture_default_str();
  app.add_option("--frequency-masks", augment.frequency_masks, "Bands of a clip that are masked")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_option("--frequency-mask-bins", augment.max_frequency_mask,
                 "Mel bins of such a band, at most")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  app.add_option("--time-mask-every", augment.time_mask_interval,
                 "Seconds of a clip for each time that is masked; 0: none")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  app.add_option("--time-mask-seconds", augment.max_time_mask, "Length of such a time, at most")
      ->check(CLI::Range(0.0, 60.0))
      ->capture_default_str();
}

}  // namespace

void AddTrainingDataFlags(CLI::App& app, DataOptions& options, CorpusNumbers& numbers) {
  app.add_option("--data", options.train,
                 "Folders (or manifests) to train on, searched for manifest.tsv at any depth");
  app.add_option(
      "--noise", options.noise,
      "Folder of recordings without speech, mixed into some clips; one in five, by its name, "
      "is left out to measure with");
  AddAugmentationFlags(app, options.augment);
  app.add_option(
         "--teacher", options.teacher,
         "Folder of CORPUS.codes.tsv, what a larger model hears in the clips, to learn from "
         "beside their texts; scripts/make_teacher_codes.py writes them")
      ->check(CLI::ExistingDirectory);
  app.add_option(
      "--share", numbers.shares,
      "CORPUS=NUMBER: the part of a corpus' clips taken each pass; 1 if not given. A corpus "
      "is named by its manifest's folder; fsdd=0.2 or game-*=0.5");
  app.add_option("--loss-weight", numbers.loss_weights,
                 "CORPUS=NUMBER: a factor on the loss of a corpus' clips; 1 if not given");
  app.add_option("--rows", options.rows, "Rows of packed clips in a batch")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--row-frames", options.row_frames,
                 "Length of a row in frames of 40 ms; longer clips are left out")
      ->check(CLI::Range(16, 100000))
      ->capture_default_str();
  app.add_flag("--one-clip-a-row", options.one_clip_a_row,
               "Every clip in a row of its own instead of end to end with others: to see what it "
               "is worth that states run on from clip to clip");
  app.add_option("--chunk-lengths", options.chunk_lengths,
                 "Each row is heard in chunks of one of these, in frames of 40 ms; 0: whole clips")
      ->check(CLI::Range(0, 65536))
      ->capture_default_str();
  app.add_option("--workers", options.workers, "Threads that make batches ahead")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of the first weights, the order and the augmentation")
      ->capture_default_str();
}

absl::Status ParseCorpusNumbers(const CorpusNumbers& numbers, DataOptions& options) {
  absl::Status status = ParseNumbers("--share", numbers.shares, options.shares);
  status.Update(ParseNumbers("--loss-weight", numbers.loss_weights, options.loss_weights));
  return status;
}

CLI::AsNumberWithUnit DurationCheck() {
  return CLI::AsNumberWithUnit(
      std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}},
      CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION");
}

absl::Status ApplyConfigFile(const std::string& path, CLI::App& app) {
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_file(path)) {
      CLI::Option* option = app.get_option_no_throw("--" + item.name);
      if (!item.parents.empty() || option == nullptr || item.name == "help" ||
          item.name == "config") {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ": unknown key ", item.fullname(), "; --help lists the keys"));
      }
      if (option->count() > 0) continue;  // the command line wins
      const bool flag = option->get_items_expected_max() == 0;
      option->add_result(flag ? std::vector<std::string>{app.get_config_formatter()->to_flag(item)}
                              : item.inputs);
      option->run_callback();
    }
    return absl::OkStatus();
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", error.what()));
  }
}

std::string UserFeatureCache() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value != nullptr ? value : "");
  };
  std::filesystem::path cache = variable("XDG_CACHE_HOME");
  if (cache.empty()) cache = variable("HOME") / ".cache";
  return cache / "rill" / "features";
}

absl::StatusOr<Checkpoint> ReadNewestCheckpoint(const std::string& run) {
  std::vector<std::string> notes;
  absl::StatusOr<std::optional<Checkpoint>> newest =
      CheckpointFolder(run, /*keep_every=*/0).LoadNewest(&notes);
  if (!newest.ok()) return newest.status();
  if (!newest->has_value()) {
    return absl::NotFoundError(absl::StrFormat("--run %s: no checkpoint in this folder", run));
  }
  for (const std::string& note : notes) absl::FPrintF(stderr, "%s\n", note);
  return **std::move(newest);
}

}  // namespace rill::training
