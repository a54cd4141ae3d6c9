// librill_cuda.so: all that a program sees of it.
#include "model/encoder/cuda/cuda_backend.h"
#include "model/encoder/encoder_plugin.h"

extern "C" __attribute__((visibility("default"))) const rill::EncoderPlugin* rill_encoder_plugin() {
  static constexpr rill::EncoderPlugin kPlugin = {
      RILL_VERSION, rill::cuda::CountDevices,
      [](const rill::EncoderModel& model, const rill::EncoderOptions& options, int device) {
        return rill::cuda::MakeBackend(model, options, device);
      }};
  return &kPlugin;
}
