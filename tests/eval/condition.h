// What is done to a clean recording before a server hears it. Deterministic: the same clip and seed
// sound the same in every run.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rill::eval {

struct Condition {
  std::string name = "clean";
  std::optional<double> noise_db;  // speech above a sound that is mixed in
  double level_db = 0;             // louder or softer
  bool telephone = false;          // 8 kHz, mu-law

  // "clean", "noise20" (any number of dB), "telephone", "level-30". InvalidArgument if none of
  // them.
  static absl::StatusOr<Condition> Parse(const std::string& name);
};

// Sounds without speech. One thread at a time.
class NoiseSource {
 public:
  // The recordings in or below `folder` that training leaves out. NotFound if there is none.
  static absl::StatusOr<NoiseSource> Open(const std::string& folder);

  // Adds a stretch of one of them, looped if it is short; `seed` chooses which and where. Energies
  // are means over the clip.
  absl::Status Mix(uint32_t seed, double speech_above_db, std::vector<float>* samples);

 private:
  std::vector<std::string> paths_;
  std::map<std::string, std::vector<float>> read_;
};

struct Sound {
  std::vector<float> samples;
  int rate = 16000;
};

// `noise` may be null if the condition needs none.
absl::StatusOr<Sound> Apply(const Condition& condition, uint32_t seed, std::vector<float> samples,
                            NoiseSource* noise);

// G.711's mu-law curve, there and back, in 8 bits.
float ThroughMuLaw(float sample);

}  // namespace rill::eval
