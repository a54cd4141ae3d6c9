#include "model/features/log_mel.h"

#include <algorithm>

#include "kernels/cpu/simd.h"
#include "model/features/fbank_frames.h"
#include "model/features/fbank_plan.h"

namespace rill {
namespace {

// Samples at a time: what is kept of them never takes more room than this and a window.
constexpr size_t kBlockSamples = 16384;

FbankView View(const FbankPlan& plan) {
  return {.window = plan.window,
          .shift = plan.shift,
          .fft_size = plan.fft_size,
          .mel_bins = static_cast<int>(plan.mel.first.size()),
          .taper = plan.taper.data(),
          .cosines = plan.cosines.data(),
          .sines = plan.sines.data(),
          .order = plan.order.data(),
          .mel_first = plan.mel.first.data(),
          .mel_offset = plan.mel.offset.data(),
          .mel_weights = plan.mel.weights.data()};
}

}  // namespace

class LogMel::Impl {
 public:
  explicit Impl(const LogMelOptions& options) : plan_(GetFbankPlan(options)), view_(View(*plan_)) {}

  void AcceptBlock(absl::Span<const float> samples, std::vector<float>* frames);

  std::shared_ptr<const FbankPlan> plan_;
  FbankView view_;
  std::vector<float> kept_;
};

void LogMel::Impl::AcceptBlock(absl::Span<const float> samples, std::vector<float>* frames) {
  // One thread works for many streams in turn: its scratch stays in the first-level cache.
  thread_local std::vector<FbankLanes> scratch;
  scratch.resize(std::max<size_t>(scratch.size(), FbankScratchSize(view_.fft_size)));

  kept_.insert(kept_.end(), samples.begin(), samples.end());
  const size_t window = view_.window, shift = view_.shift, bins = view_.mel_bins;
  if (kept_.size() < window) return;
  const size_t count = (kept_.size() - window) / shift + 1;
  const size_t old_size = frames->size();
  frames->resize(old_size + count * bins);
  for (size_t n = 0; n < count; n += kFbankLanes) {
    RILL_SIMD_CALL(FbankFrames, view_, kept_.data() + n * shift,
                   static_cast<int>(std::min<size_t>(count - n, kFbankLanes)), scratch.data(),
                   frames->data() + old_size + n * bins);
  }
  kept_.erase(kept_.begin(), kept_.begin() + count * shift);
}

LogMel::LogMel(const LogMelOptions& options) : impl_(std::make_unique<Impl>(options)) {}

LogMel::~LogMel() = default;

int LogMel::mel_bins() const { return impl_->view_.mel_bins; }

void LogMel::Accept(absl::Span<const float> samples, std::vector<float>* frames) {
  for (; !samples.empty(); samples.remove_prefix(std::min(samples.size(), kBlockSamples))) {
    impl_->AcceptBlock(samples.first(std::min(samples.size(), kBlockSamples)), frames);
  }
}

void LogMel::Reset() { impl_->kept_.clear(); }

void LogMel::Save(StateWriter& writer) const { writer.WriteAll<float>(impl_->kept_); }

void LogMel::Load(StateReader& reader) {
  impl_->kept_ = reader.ReadAll<float>(impl_->view_.window - 1, "log-mel samples");
}

}  // namespace rill
