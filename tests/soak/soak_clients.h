// The clients of the soak test: those that behave, whose words must be right, and those that do
// not. Each call is one client from its beginning to its end, and says how it ended. Immutable; any
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/integration_fixture.h"

namespace rill {

class SoakClients {
 public:
  // long_seconds: of audio of a long stream; it is sent `speed` times as fast as it is spoken. Runs
  // each text's stream alone first, to know its words.
  SoakClients(const std::string& host, int port, int long_seconds, double speed);

  // Client number `number`: what it does follows from its number. "good: OK" is a stream with the
  // right words to the bit, "good: wrong words" one without; else what was done and the status.
  std::string RunShort(int number) const;
  // A stream of long_seconds.
  std::string RunLong(int number) const;
  // Opens `count` streams at a time; whether all of them were served.
  bool AllServed(int count) const;

 private:
  struct Text {
    std::string audio;
    std::string transcript;  // as it must be
  };

  std::unique_ptr<client::StreamingSession> Open(int number,
                                                 const client::CallOptions& options = {}) const;
  // Its status, and its words with times and confidences in *transcript.
  absl::Status Stream(int number, const Text& text, size_t piece, double speed,
                      std::string* transcript) const;
  std::string Good(int number, size_t piece) const;
  std::string Vanish(int number, bool after_answer) const;
  std::string Stall(int number) const;
  std::string NeverRead(int number) const;
  std::string Deadline(int number) const;
  std::string WrongAudio(int number) const;
  std::string WrongBytes(int number) const;

  const std::string host_;
  const int port_;
  const double speed_;
  std::vector<std::unique_ptr<client::RillClient>> connections_;
  v1::StreamingConfig config_;
  std::vector<Text> texts_;
  Text long_text_;
};

}  // namespace rill
