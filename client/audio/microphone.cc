#include "client/audio/microphone.h"

#include <fcntl.h>
#include <portaudio.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace rill::client {
namespace {

class SilencedStderr {
 public:
  SilencedStderr() : saved_(dup(STDERR_FILENO)) {
    if (saved_ < 0) return;
    if (const int null = open("/dev/null", O_WRONLY | O_CLOEXEC); null >= 0) {
      dup2(null, STDERR_FILENO);
      close(null);
    }
  }
  ~SilencedStderr() {
    if (saved_ < 0) return;
    dup2(saved_, STDERR_FILENO);
    close(saved_);
  }
  SilencedStderr(const SilencedStderr&) = delete;
  SilencedStderr& operator=(const SilencedStderr&) = delete;

 private:
  const int saved_;
};

class Microphone : public AudioSource {
 public:
  Microphone(int sample_rate, const std::atomic<bool>* stop)
      : sample_rate_(sample_rate), stop_(stop) {}

  ~Microphone() override {
    if (stream_ != nullptr) Pa_CloseStream(stream_);
    if (initialized_) Pa_Terminate();
  }

  absl::Status Start() {
    // The sound libraries below PortAudio write about every device that is not there.
    SilencedStderr silenced;
    if (absl::Status status = Check(Pa_Initialize()); !status.ok()) return status;
    initialized_ = true;
    const PaError opened =
        Pa_OpenDefaultStream(&stream_, /*inputs=*/1, /*outputs=*/0, paInt16, sample_rate_,
                             paFramesPerBufferUnspecified, nullptr, nullptr);
    if (opened != paNoError) {
      return absl::FailedPreconditionError(
          absl::StrCat("microphone: none can be opened (", Pa_GetErrorText(opened),
                       "): is one plugged in, and may this user record?"));
    }
    return Check(Pa_StartStream(stream_));
  }

  v1::AudioFormat format() const override {
    v1::AudioFormat format;
    format.set_encoding(v1::LINEAR16);
    format.set_sample_rate_hertz(sample_rate_);
    format.set_channels(1);
    return format;
  }

  absl::StatusOr<AudioPiece> Read(std::chrono::milliseconds duration) override {
    AudioPiece piece;
    if (*stop_) return piece;
    const auto frames = std::max<int64_t>(1, duration.count() * sample_rate_ / 1000);
    piece.bytes.resize(frames * sizeof(int16_t));
    // An overflow has lost audio before this piece, not in it: a live display goes on.
    const PaError error = Pa_ReadStream(stream_, piece.bytes.data(), frames);
    if (error != paInputOverflowed) {
      if (absl::Status status = Check(error); !status.ok()) return status;
    }
    piece.duration = std::chrono::microseconds(frames * 1'000'000 / sample_rate_);
    return piece;
  }

 private:
  static absl::Status Check(PaError error) {
    if (error == paNoError) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat("microphone: ", Pa_GetErrorText(error)));
  }

  const int sample_rate_;
  const std::atomic<bool>* stop_;
  bool initialized_ = false;
  PaStream* stream_ = nullptr;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AudioSource>> OpenMicrophone(int sample_rate,
                                                            const std::atomic<bool>* stop) {
  auto microphone = std::make_unique<Microphone>(sample_rate, stop);
  if (absl::Status status = microphone->Start(); !status.ok()) return status;
  return microphone;
}

}  // namespace rill::client
