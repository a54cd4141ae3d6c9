// The default microphone through PortAudio, as LINEAR16 mono. Built if PortAudio is there
// (RILL_PORTAUDIO). Thread rule: one thread at a time; `stop` may be set from anywhere and ends the
// audio.
#pragma once

#include <atomic>
#include <memory>

#include "absl/status/statusor.h"
#include "client/audio/audio_source.h"

namespace rill::client {

// FailedPrecondition if there is no microphone; Unimplemented if this program was built without
// PortAudio. `stop` is not owned.
absl::StatusOr<std::unique_ptr<AudioSource>> OpenMicrophone(int sample_rate,
                                                            const std::atomic<bool>* stop);

}  // namespace rill::client
