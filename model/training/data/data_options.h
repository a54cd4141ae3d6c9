// What to train on and how to turn it into batches. A plain value; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/training/data/feature_statistics.h"

namespace rill::training {

// Drawn anew for every clip and pass. SpecAugment: Park et al., 2019. Frequency warp: vocal tract
// length perturbation, Jaitly and Hinton, 2013. Equalizer: FilterAugment, Nam et al., 2022.
struct AugmentOptions {
  std::vector<double> speeds = {0.9, 1.0, 1.1};  // one is drawn, at equal odds; must contain 1
  int max_start_cut = 3;                         // feature frames cut at the start, 0 to this
  double frequency_warp = 0;                     // frequencies divided by 1 +- this, other voices
  double gain_db = 7;                            // a gain within +- this
  double equalizer_db = 0;                       // and +- this more at each of a few frequencies
  double noise_probability = 0.25;               // of mixing in a sound of DataOptions::noise
  double noise_min_snr_db = 5;
  double noise_max_snr_db = 25;
  double reverberation_probability = 0;  // of a room's echo, see AddReverberation
  double telephone_probability = 0;      // of a band of some 300 to 3,400 Hz
  double codec_probability = 0;          // of a lossy codec's noise, see AddCodingNoise
  int frequency_masks = 2;
  int max_frequency_mask = 22;      // mel bins
  double time_mask_interval = 1.5;  // s: one time mask for each of these, begun or whole; 0: none
  double max_time_mask = 0.25;      // s, and at most a sixth of the clip
};

struct DataOptions {
  // Folders, searched for manifest.tsv at any depth, or manifest files (see manifest.h). A corpus
  // is one manifest; its name is that of the manifest's folder. `train` may be empty if there is
  // `dev` and `statistics`: then there are no batches, only evaluation sets.
  std::vector<std::string> train;
  std::vector<std::string> dev;
  std::string noise;  // a folder of recordings without speech, searched at any depth; "": none
  std::string
      cache_folder;  // for features, made if missing; about 170 MB an hour of training speech

  // What a larger model hears in `train`: a folder of teacher_codes.h's files; "": none. Corpora
  // without a file have texts only.
  std::string teacher;

  // How words are said, of a model that hears phones, too: a file as phone_table.h takes it. "":
  // the clips have no phones, and those of the model are left aside.
  std::string pronunciations;

  // By corpus name, or by its first letters and a star: "speech-commands*". The exact name wins,
  // then the longest pattern; 1 if nothing fits.
  std::map<std::string, double> shares;  // part of its clips taken each pass: 0.2 is one in five,
                                         // another fifth every pass; 2 is all of them twice; 0 none
  std::map<std::string, double> loss_weights;  // factor on the loss of its clips

  // Shape of a batch.
  int64_t rows = 5;          // of clips; a batch has `views` times as many
  int views = 1;             // 2: every clip twice, with masks of their own (see Batch::views)
  int64_t row_frames = 448;  // encoder frames (40 ms) a row
  // Instead of as many clips as fit: then no clip begins with the state that another one left.
  bool one_clip_a_row = false;
  std::vector<int> chunk_lengths = {1, 2, 4, 8, 16, 0};  // one is drawn for each row; 0: whole clip

  AugmentOptions augment;
  uint64_t seed = 1;

  // Of the features; unset: computed over the training clips at speed 1. A run that goes on from a
  // model must use that model's.
  std::optional<FeatureStatistics> statistics;

  int workers = 1;        // threads that make batches ahead; 0: Get() makes them
  int batches_ahead = 4;  // bound on batches made and not yet taken
  int cache_workers = 0;  // threads that fill the cache; 0: one a core
  bool progress = true;   // a bar on standard error while the cache is filled

  std::function<void(const std::string& line)> log;  // notes for people; unset: standard error

  absl::Status Validate() const;  // names the field at fault
};

}  // namespace rill::training
