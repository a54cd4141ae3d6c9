// A recogniser without a model, for the tests of the server: audio is 16 kHz LINEAR16, every chunk
// of it is a "word" named by a hash of its bytes, every fourth word ends an utterance. A chunk of
// zeros is silence: no word, and the end of an utterance. It checks
// how it is used: a stream destroyed or fed from two threads during a step, or stepped by two
// threads, fails the test.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "model/recognizer.h"

namespace rill {

// What a test may change while the server runs.
struct FakeControl {
  // The model stands still while closed.
  void CloseGate();
  void OpenGate();
  void PassGate();

  std::atomic<int> live_streams{0};
  std::atomic<int> steps{0};
  std::atomic<int> chunks{0};
  std::atomic<int> largest_batch{0};
  std::atomic<int> opened{0};
  std::atomic<bool> broken{false};  // steps fail
  std::atomic<int> save_microseconds{0};
  int word_padding = 0;  // letters added to each word: large results; set before the server starts

 private:
  std::mutex mutex_;
  std::condition_variable opened_gate_;
  bool closed_ = false;
};

// Audio that starts with this byte is "not audio": InvalidArgument.
inline constexpr uint8_t kFakeBadByte = 0xFF;

class FakeRecognizer : public Recognizer {
 public:
  explicit FakeRecognizer(std::shared_ptr<FakeControl> control) : control_(std::move(control)) {}

  const ModelFile& model() const override;  // there is none: aborts
  size_t state_bytes_per_stream() const override { return 1000; }
  absl::StatusOr<std::unique_ptr<RecognitionWorker>> NewWorker(int slots) const override;

 private:
  std::shared_ptr<FakeControl> control_;
};

}  // namespace rill
