// The encoder on a CUDA device, behind model/encoder/encoder_backend.h. Features come from the host
// and log-probabilities go back to it; in between, everything stays on the device.
//
// A worker has a stream of its own and works with pinned memory. It cuts a step into parts of at
// most StepLimits, rounds each up to a bucket of rows and frames with padding rows (slot -1)
// and plays the bucket's CUDA graph, recorded when it is first met. The host waits once, at the end
// of the step. Several workers may share a device: each gets the same part of the memory that is
// free when the encoder is loaded, but for a sixteenth of the device's. States that it has no room
// for wait in the host's memory (device_worker.h).
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "model/encoder/cuda/device_encoder.h"
#include "model/encoder/encoder_plugin.h"

namespace rill::cuda {

// How many devices there are. Unavailable: none, and why.
absl::StatusOr<int> CountDevices();

// As EncoderPlugin::make_backend; InvalidArgument: there is no such device.
absl::StatusOr<std::unique_ptr<EncoderBackend>> MakeBackend(const EncoderModel& model,
                                                            const EncoderOptions& options,
                                                            int device,
                                                            const StepLimits& limits = {});

}  // namespace rill::cuda
