#include "model/training/data/data_options.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "model/file/model_config.h"

namespace rill::training {
namespace {

constexpr int64_t kMaxRowFrames = 1 << 16;  // 44 minutes
constexpr int64_t kMaxRows = 1 << 14;

absl::Status OutOfRange(const std::string& field, double value, const std::string& range) {
  return absl::InvalidArgumentError(absl::StrCat(field, " is ", value, "; it must be ", range));
}

absl::Status CheckRange(const std::string& field, double value, double low, double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return OutOfRange(field, value, absl::StrCat("from ", low, " to ", high));
}

absl::Status CheckAugment(const AugmentOptions& augment) {
  if (std::find(augment.speeds.begin(), augment.speeds.end(), 1.0) == augment.speeds.end()) {
    return absl::InvalidArgumentError("augment.speeds must contain 1");
  }
  absl::Status status;
  for (const double speed : augment.speeds) {
    status.Update(CheckRange("augment.speeds", speed, 0.5, 2));
  }
  status.Update(CheckRange("augment.max_start_cut", augment.max_start_cut, 0, 100));
  status.Update(CheckRange("augment.frequency_warp", augment.frequency_warp, 0, 0.3));
  status.Update(CheckRange("augment.gain_db", augment.gain_db, 0, 60));
  status.Update(CheckRange("augment.equalizer_db", augment.equalizer_db, 0, 30));
  status.Update(CheckRange("augment.noise_probability", augment.noise_probability, 0, 1));
  status.Update(CheckRange("augment.noise_min_snr_db", augment.noise_min_snr_db, -60, 100));
  status.Update(CheckRange("augment.noise_max_snr_db", augment.noise_max_snr_db,
                           augment.noise_min_snr_db, 100));
  status.Update(
      CheckRange("augment.reverberation_probability", augment.reverberation_probability, 0, 1));
  status.Update(CheckRange("augment.telephone_probability", augment.telephone_probability, 0, 1));
  status.Update(CheckRange("augment.codec_probability", augment.codec_probability, 0, 1));
  status.Update(CheckRange("augment.frequency_masks", augment.frequency_masks, 0, 100));
  status.Update(CheckRange("augment.max_frequency_mask", augment.max_frequency_mask, 0, 4096));
  if (augment.time_mask_interval != 0) {
    status.Update(CheckRange("augment.time_mask_interval", augment.time_mask_interval, 0.01, 3600));
  }
  status.Update(CheckRange("augment.max_time_mask", augment.max_time_mask, 0, 60));
  return status;
}

absl::Status CheckStatistics(const FeatureStatistics& statistics) {
  if (statistics.mean.empty() || statistics.mean.size() != statistics.inv_std.size()) {
    return absl::InvalidArgumentError(
        "statistics: mean and inv_std must be of one size, not empty");
  }
  for (size_t i = 0; i < statistics.mean.size(); ++i) {
    if (!std::isfinite(statistics.mean[i]) || !std::isfinite(statistics.inv_std[i])) {
      return absl::InvalidArgumentError(absl::StrCat("statistics: bin ", i, " is not finite"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DataOptions::Validate() const {
  if (train.empty() && (dev.empty() || !statistics.has_value())) {
    return absl::InvalidArgumentError(
        "train names no folder and no manifest; only dev with the statistics of a model does "
        "without");
  }
  if (cache_folder.empty()) return absl::InvalidArgumentError("cache_folder is empty");
  absl::Status status;
  for (const auto& [name, share] : shares) {
    status.Update(CheckRange(absl::StrCat("shares of ", name), share, 0, 1000));
  }
  for (const auto& [name, weight] : loss_weights) {
    status.Update(CheckRange(absl::StrCat("loss_weights of ", name), weight, 0, 1000));
  }
  status.Update(CheckRange("rows", static_cast<double>(rows), 1, kMaxRows));
  status.Update(CheckRange("views", views, 1, 2));
  status.Update(CheckRange("row_frames", static_cast<double>(row_frames), 1, kMaxRowFrames));
  if (chunk_lengths.empty()) return absl::InvalidArgumentError("chunk_lengths is empty");
  for (const int length : chunk_lengths) {
    status.Update(CheckRange("chunk_lengths", length, 0, kMaxRowFrames));
  }
  status.Update(CheckAugment(augment));
  if (statistics.has_value()) status.Update(CheckStatistics(*statistics));
  status.Update(CheckRange("workers", workers, 0, 256));
  status.Update(CheckRange("batches_ahead", batches_ahead, 1, 1024));
  status.Update(CheckRange("cache_workers", cache_workers, 0, 1024));
  return status;
}

}  // namespace rill::training
