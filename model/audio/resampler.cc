#include "model/audio/resampler.h"

#include <soxr.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

constexpr size_t kBlock = 1024;

absl::Status SoxrError(soxr_error_t error) {
  return absl::InternalError(absl::StrCat("resampling: ", error));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Resampler>> Resampler::Create(int input_rate, int output_rate) {
  if (input_rate == output_rate) return std::unique_ptr<Resampler>(new Resampler(nullptr));
  soxr_error_t error = nullptr;
  const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
  if (input_rate < output_rate) {
    // The full quality would hold back up to 115 ms of a telephone's 8 kHz. Its band ends at 3.4
    // kHz, and what images remain lie next to 4 kHz: this gentler filter holds back 28 ms.
    quality.passband_end = 0.85;
    quality.stopband_begin = 1.1;
    runtime.log2_min_dft_size = 8;
  }
  soxr* handle = soxr_create(input_rate, output_rate, 1, &error, &io, &quality, &runtime);
  if (error != nullptr) return SoxrError(error);
  return std::unique_ptr<Resampler>(new Resampler(handle));
}

Resampler::~Resampler() { soxr_delete(handle_); }

absl::Status Resampler::Process(const float* input, size_t count, std::vector<float>* output) {
  float block[kBlock];
  size_t produced;
  do {
    size_t consumed = 0;
    produced = 0;
    const soxr_error_t error =
        soxr_process(handle_, input, count, &consumed, block, kBlock, &produced);
    if (error != nullptr) return SoxrError(error);
    output->insert(output->end(), block, block + produced);
    if (input != nullptr) input += consumed;
    count -= consumed;
  } while (produced > 0 || count > 0);
  return absl::OkStatus();
}

absl::Status Resampler::Accept(absl::Span<const float> input, std::vector<float>* output) {
  if (handle_ == nullptr) {
    output->insert(output->end(), input.begin(), input.end());
    return absl::OkStatus();
  }
  while (!input.empty()) {
    const size_t count = std::min(input.size(), kBlock);
    if (absl::Status status = Process(input.data(), count, output); !status.ok()) return status;
    input.remove_prefix(count);
  }
  return absl::OkStatus();
}

absl::Status Resampler::Finish(std::vector<float>* output) {
  if (handle_ == nullptr) return absl::OkStatus();
  return Process(nullptr, 0, output);
}

}  // namespace rill
