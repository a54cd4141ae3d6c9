#include "model/training/data/data_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace rill::training {
namespace {

DataOptions Valid() {
  DataOptions options;
  options.train = {"speech"};
  options.cache_folder = "cache";
  return options;
}

TEST(DataOptionsTest, TheDefaultsAreValid) {
  EXPECT_TRUE(Valid().Validate().ok()) << Valid().Validate();
}

TEST(DataOptionsTest, ErrorsNameTheField) {
  const std::pair<const char*, std::function<void(DataOptions*)>> faults[] = {
      {"train", [](DataOptions* o) { o->train.clear(); }},
      {"cache_folder", [](DataOptions* o) { o->cache_folder.clear(); }},
      {"shares of x", [](DataOptions* o) { o->shares["x"] = -1; }},
      {"loss_weights of x",
       [](DataOptions* o) { o->loss_weights["x"] = std::numeric_limits<double>::quiet_NaN(); }},
      {"rows", [](DataOptions* o) { o->rows = 0; }},
      {"row_frames", [](DataOptions* o) { o->row_frames = -4; }},
      {"chunk_lengths", [](DataOptions* o) { o->chunk_lengths.clear(); }},
      {"chunk_lengths",
       [](DataOptions* o) {
         o->chunk_lengths = {4, -1};
       }},
      {"augment.speeds", [](DataOptions* o) { o->augment.speeds = {0.9}; }},
      {"augment.speeds",
       [](DataOptions* o) {
         o->augment.speeds = {1, 0};
       }},
      {"augment.max_start_cut", [](DataOptions* o) { o->augment.max_start_cut = -1; }},
      {"augment.frequency_warp", [](DataOptions* o) { o->augment.frequency_warp = 0.5; }},
      {"augment.equalizer_db", [](DataOptions* o) { o->augment.equalizer_db = -1; }},
      {"augment.gain_db", [](DataOptions* o) { o->augment.gain_db = -7; }},
      {"augment.noise_probability", [](DataOptions* o) { o->augment.noise_probability = 2; }},
      {"augment.noise_max_snr_db", [](DataOptions* o) { o->augment.noise_max_snr_db = 1; }},
      {"augment.frequency_masks", [](DataOptions* o) { o->augment.frequency_masks = -1; }},
      {"augment.max_frequency_mask", [](DataOptions* o) { o->augment.max_frequency_mask = -1; }},
      {"augment.time_mask_interval", [](DataOptions* o) { o->augment.time_mask_interval = -1; }},
      {"augment.max_time_mask", [](DataOptions* o) { o->augment.max_time_mask = -1; }},
      {"statistics", [](DataOptions* o) { o->statistics.emplace(); }},
      {"workers", [](DataOptions* o) { o->workers = -1; }},
      {"batches_ahead", [](DataOptions* o) { o->batches_ahead = 0; }},
      {"cache_workers", [](DataOptions* o) { o->cache_workers = -1; }},
  };
  for (const auto& [field, spoil] : faults) {
    DataOptions options = Valid();
    spoil(&options);
    const absl::Status status = options.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_THAT(std::string(status.message()), testing::StartsWith(field));
  }
}

}  // namespace
}  // namespace rill::training
