// The acoustic encoder in its recurrent form: log-mel frames in, log-probabilities out, each
// stream's past held in its StateArena slot. Weights are immutable and shared; any thread may call
// Step with its own EncoderScratch, as long as no slot is in two calls at a time.
//
// A frame's log-probabilities depend on its stream's features and chunk lengths only, bit for bit:
// not on the other rows of the batch, nor on how many chunks of the stream go into one call.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/precision.h"
#include "model/encoder/state_arena.h"
#include "model/file/model_file.h"

namespace rill {

struct EncoderOptions {
  // Of the blocks' matrix products. kAuto: on a processor with AVX-512 VNNI and without AMX kInt8
  // (docs/decisions/011), with AMX kBFloat16, on older ones kFloat; on a GPU kBFloat16.
  kernels::MatmulPrecision precision = kernels::MatmulPrecision::kAuto;
  // On a GPU only.
  int workers = 1;         // that share the device's memory
  int device_streams = 0;  // states on the device, of all workers; 0: as many as it has memory for
};

// One stream's share of a step: some whole chunks; the last one may be shorter (flush, end).
struct EncoderRow {
  int slot;
  int chunk_frames;       // 1, 2, 4, 8 or 16
  int frames;             // >= 0; chunks are counted from this row's first frame
  const float* features;  // [4 * frames, mel_bins] log-mel, not normalised
};

class EncoderScratch;  // a thread's working memory; grows to the largest step seen

class Encoder {
 public:
  // FAILED_PRECONDITION: this processor is not made for options.precision.
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(const ModelFile& file,
                                                         const EncoderOptions& options);
  ~Encoder();

  const ModelConfig& config() const;
  const StateLayout& layout() const;
  kernels::MatmulPrecision precision() const;  // of the blocks' products, not kAuto
  std::vector<float> InitialState() const;     // [layout().total]

  std::unique_ptr<EncoderScratch, void (*)(EncoderScratch*)> NewScratch() const;

  // log_probs: [sum of frames, outputs], rows one after the other.
  void Step(absl::Span<const EncoderRow> rows, StateArena& arena, EncoderScratch& scratch,
            float* log_probs) const;

 private:
  class Impl;
  explicit Encoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rill
