#include "client/audio/microphone.h"

namespace rill::client {

absl::StatusOr<std::unique_ptr<AudioSource>> OpenMicrophone(int sample_rate,
                                                            const std::atomic<bool>* stop) {
  return absl::UnimplementedError(
      "--mic: this rill was built without PortAudio; install portaudio19-dev and build again, or "
      "pipe a recorder in, for example: arecord -f S16_LE -r 16000 | rill stream -");
}

}  // namespace rill::client
