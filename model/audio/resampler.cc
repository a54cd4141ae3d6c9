#include "model/audio/resampler.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rill {
namespace {

// Inputs are taken in blocks, so that what is kept stays short.
constexpr size_t kBlock = 4096;
// A year and a half at 192 kHz: such a count times a rate is no overflow yet.
constexpr int64_t kMaxInputs = int64_t{1} << 43;

// Lagrange's polynomials through the rows at the grid's places -1, 0, 1 and 2 about the phase's;
// the first row is that of place -1.
float Interpolate(const PolyphaseFilter& filter, const float* input, int64_t phase, int lanes) {
  const double place = static_cast<double>(phase) * filter.grid / filter.out_step;
  const double x = place - std::floor(place);
  const float weights[] = {static_cast<float>(-x * (x - 1) * (x - 2) / 6),
                           static_cast<float>((x + 1) * (x - 1) * (x - 2) / 2),
                           static_cast<float>(-(x + 1) * x * (x - 2) / 2),
                           static_cast<float>((x + 1) * x * (x - 1) / 6)};
  const DotLanes* rows = filter.Row(static_cast<int64_t>(place));
  return RILL_SIMD_CALL(InterpolatedDot, input, rows, lanes, weights, lanes);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Resampler>> Resampler::Create(int input_rate, int output_rate) {
  if (input_rate == output_rate) return std::unique_ptr<Resampler>(new Resampler(nullptr));
  absl::StatusOr<std::shared_ptr<const PolyphaseFilter>> filter =
      GetPolyphaseFilter(input_rate, output_rate);
  if (!filter.ok()) return filter.status();
  return std::unique_ptr<Resampler>(new Resampler(*std::move(filter)));
}

// The silence before the first input.
Resampler::Resampler(std::shared_ptr<const PolyphaseFilter> filter)
    : filter_(std::move(filter)), kept_(filter_ == nullptr ? 0 : filter_->reach - 1) {}

// Output n needs the inputs up to floor(n * in_step / out_step) + reach.
int64_t Resampler::OutputsOf(int64_t inputs) const {
  const int64_t whole = std::max<int64_t>(inputs - filter_->reach, 0);
  return (whole * filter_->out_step + filter_->in_step - 1) / filter_->in_step;
}

void Resampler::Accept(absl::Span<const float> input, std::vector<float>* output) {
  if (filter_ == nullptr) {
    output->insert(output->end(), input.begin(), input.end());
    return;
  }
  while (!input.empty()) {
    const absl::Span<const float> block = input.first(std::min(input.size(), kBlock));
    kept_.insert(kept_.end(), block.begin(), block.end());
    inputs_ += block.size();
    Produce(OutputsOf(inputs_), output);
    input.remove_prefix(block.size());
  }
}

void Resampler::Finish(std::vector<float>* output) {
  if (filter_ == nullptr) return;
  kept_.resize(kept_.size() + filter_->reach + 1);
  Produce((inputs_ * filter_->out_step * 2 + filter_->in_step) / (filter_->in_step * 2), output);
}

void Resampler::Produce(int64_t end, std::vector<float>* output) {
  const PolyphaseFilter& filter = *filter_;
  const int lanes = static_cast<int>(2 * filter.reach / kDotLanes);
  const float* input = kept_.data();
  int64_t phase = outputs_ * filter.in_step % filter.out_step;
  for (; outputs_ < end; ++outputs_) {
    output->push_back(filter.grid == 0
                          ? RILL_SIMD_CALL(PolyphaseDot, input, filter.Row(phase), lanes)
                          : Interpolate(filter, input, phase, lanes));
    input += filter.in_step / filter.out_step;
    phase += filter.in_step % filter.out_step;
    if (phase >= filter.out_step) {
      phase -= filter.out_step;
      ++input;
    }
  }
  kept_.erase(kept_.begin(), kept_.begin() + (input - kept_.data()));
}

void Resampler::Save(StateWriter& writer) const {
  if (filter_ == nullptr) return;
  writer.Write(inputs_);
  writer.WriteAll<float>(kept_);
}

void Resampler::Load(StateReader& reader) {
  if (filter_ == nullptr) return;
  const int64_t inputs = reader.ReadIn<int64_t>(0, kMaxInputs, "resampler inputs");
  const int64_t outputs = OutputsOf(inputs);
  const size_t count = inputs + filter_->reach - 1 - outputs * filter_->in_step / filter_->out_step;
  std::vector<float> kept = reader.ReadAll<float>(count, "resampler samples");
  const bool finite =
      std::all_of(kept.begin(), kept.end(), [](float sample) { return std::isfinite(sample); });
  if (!reader.Require(kept.size() == count && finite, "resampler samples")) return;
  inputs_ = inputs;
  outputs_ = outputs;
  kept_ = std::move(kept);
}

}  // namespace rill
