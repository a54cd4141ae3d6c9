#include "model/decoder/decoder_options.h"

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

constexpr int kMaxBeam = 128;
constexpr int kMaxAlternatives = 100;

// A NaN is in no range.
absl::Status CheckRange(const char* field, double value, double min, double max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("decoder.", field, ": ", value, " is not between ", min, " and ", max));
}

}  // namespace

absl::Status BeamOptions::Validate() const {
  const struct {
    const char* field;
    double value, min, max;
  } ranges[] = {
      {"beam.beam", static_cast<double>(beam), 1, kMaxBeam},
      {"beam.lm_weight", lm_weight, 0, 10},
      {"beam.word_bonus", word_bonus, -20, 20},
      {"beam.letter_bonus", letter_bonus, -20, 20},
      {"beam.blank_penalty", blank_penalty, -20, 20},
      {"beam.token_threshold", token_threshold, 0, 100},
      {"beam.beam_threshold", beam_threshold, 0, 1000},
      {"beam.unknown_word_penalty", unknown_word_penalty, 0, 100},
      {"beam.unknown_letter_penalty", unknown_letter_penalty, 0, 100},
  };
  for (const auto& range : ranges) {
    absl::Status status = CheckRange(range.field, range.value, range.min, range.max);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status DecoderOptions::Validate() const {
  if (kind != Kind::kGreedy && kind != Kind::kBeam) {
    return absl::InvalidArgumentError("decoder.kind: is neither greedy nor beam");
  }
  if (absl::Status status = beam.Validate(); !status.ok()) return status;
  if (absl::Status status = CheckRange("min_confidence", min_confidence, 0, 1); !status.ok()) {
    return status;
  }
  return CheckRange("alternatives", alternatives, 0, kMaxAlternatives);
}

}  // namespace rill
