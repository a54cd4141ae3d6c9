#include "tests/soak/soak_clients.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

constexpr int kConnections = 4;
constexpr int kBytesPerMs = 32;  // LINEAR16 at 16 kHz

std::string Said(const char* what, const absl::Status& status) {
  return absl::StrCat(what, ": ", absl::StatusCodeToString(status.code()));
}

}  // namespace

SoakClients::SoakClients(const std::string& host, int port, int long_seconds, double speed)
    : host_(host), port_(port), speed_(speed) {
  for (int i = 0; i < kConnections; ++i) {
    client::Connection connection;
    connection.server = absl::StrCat(host, ":", port);
    connections_.push_back(*client::RillClient::Create(connection));
  }
  const std::vector<Clip> clips = TestClips();
  *config_.mutable_recognition() = ConfigFor(clips.front());
  std::string all;
  for (const Clip& clip : clips) {
    for (const int ms : {700, 1500, 2500}) texts_.push_back({Head(clip, ms), ""});
    all += clip.audio + std::string(1500 * kBytesPerMs, '\0');
  }
  while (long_text_.audio.size() < static_cast<size_t>(long_seconds) * 1000 * kBytesPerMs) {
    long_text_.audio += all;
  }
  long_text_.audio.resize(static_cast<size_t>(long_seconds) * 1000 * kBytesPerMs);
  for (Text& text : texts_) EXPECT_TRUE(Stream(0, text, SIZE_MAX, 0, &text.transcript).ok());
  EXPECT_TRUE(Stream(0, long_text_, 64000, 0, &long_text_.transcript).ok());
}

std::unique_ptr<client::StreamingSession> SoakClients::Open(
    int number, const client::CallOptions& options) const {
  return connections_[number % kConnections]->StartStreaming(config_, options);
}

absl::Status SoakClients::Stream(int number, const Text& text, size_t piece, double speed,
                                 std::string* transcript) const {
  const auto session = Open(number);
  std::thread writer([&] {
    const auto start = std::chrono::steady_clock::now();
    bool open = true;
    for (size_t at = 0; open && at < text.audio.size(); at += std::min(piece, text.audio.size())) {
      if (speed > 0) {
        std::this_thread::sleep_until(start + std::chrono::microseconds(static_cast<int64_t>(
                                                  1000.0 / kBytesPerMs * at / speed)));
      }
      open = session->Write(text.audio.substr(at, piece));
    }
    session->Finish();
  });
  Outcome outcome;
  outcome.status = session->ReadAll([&](const v1::StreamingRecognizeResponse& response) {
    if (response.has_result() && response.result().is_final()) {
      outcome.finals.push_back(response.result());
    }
  });
  writer.join();
  *transcript = outcome.Transcript();
  return outcome.status;
}

std::string SoakClients::RunLong(int number) const {
  std::string transcript;
  const absl::Status status = Stream(number, long_text_, 100 * kBytesPerMs, speed_, &transcript);
  if (!status.ok()) return Said("long", status);
  return transcript == long_text_.transcript ? "long: OK" : "long: wrong words";
}

std::string SoakClients::RunShort(int number) const {
  switch (number % 16) {
    case 0:
      return Vanish(number, false);
    case 1:
      return Vanish(number, true);
    case 2:
      return Deadline(number);
    case 3:
    case 4:
      return WrongAudio(number);
    case 5:
      return WrongBytes(number);
    case 6:
      return number % 64 == 6 ? Stall(number) : NeverRead(number);
    default:
      return Good(number, 1 + number * 7919 % 9000);
  }
}

std::string SoakClients::Good(int number, size_t piece) const {
  const Text& text = texts_[number % texts_.size()];
  std::string transcript;
  const absl::Status status = Stream(number, text, piece, 0, &transcript);
  if (!status.ok()) return Said("good", status);
  return transcript == text.transcript ? "good: OK" : "good: wrong words";
}

std::string SoakClients::Vanish(int number, bool after_answer) const {
  const auto session = Open(number);
  session->Write(texts_[number % texts_.size()].audio);
  v1::StreamingRecognizeResponse response;
  if (after_answer) session->Next(&response);
  return after_answer ? "vanished after an answer" : "vanished at once";
}

std::string SoakClients::Deadline(int number) const {
  client::CallOptions options;
  options.timeout = std::chrono::milliseconds(1 + number % 40);
  const auto session = Open(number, options);
  session->Write(texts_[number % texts_.size()].audio);
  return Said("deadline", session->ReadAll([](const auto&) {}));
}

// Sends a little, then nothing, until the server has had enough.
std::string SoakClients::Stall(int number) const {
  const auto session = Open(number);
  session->Write(texts_[number % texts_.size()].audio.substr(0, 6400));
  return Said("stalled", session->ReadAll([](const auto&) {}));
}

// Asks for every answer and reads none.
std::string SoakClients::NeverRead(int number) const {
  v1::StreamingConfig config = config_;
  config.set_interim_results(true);
  config.set_progress(true);
  const auto session = connections_[number % kConnections]->StartStreaming(config);
  for (int i = 0; i < 4; ++i) session->Write(texts_[number % texts_.size()].audio);
  session->Finish();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return "never read";
}

// Garbage where a WAV, a FLAC or raw samples should be.
std::string SoakClients::WrongAudio(int number) const {
  std::mt19937 random(number);
  v1::StreamingConfig config = config_;
  v1::AudioFormat* audio = config.mutable_recognition()->mutable_audio();
  std::string bytes(random() % 20000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  const int kind = random() % 4;
  if (kind < 3) audio->clear_sample_rate_hertz();
  audio->set_encoding(kind == 0   ? v1::WAV
                      : kind == 1 ? v1::FLAC
                      : kind == 2 ? v1::AUDIO_ENCODING_UNSPECIFIED
                                  : v1::FLOAT32);
  const auto session = connections_[number % kConnections]->StartStreaming(config);
  session->Write(kind == 1 ? "fLaC" + bytes : bytes);
  session->Finish();
  return Said("garbage for audio", session->ReadAll([](const auto&) {}));
}

// Garbage where HTTP/2 should be, or after its first words; then a reset of the connection.
std::string SoakClients::WrongBytes(int number) const {
  std::mt19937 random(number);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port_));
  inet_pton(AF_INET, host_.c_str(), &to.sin_addr);
  const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  std::string bytes = random() % 2 == 0 ? "" : "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (int i = random() % 300; i > 0; --i) bytes += static_cast<char>(random());
  if (connected) (void)send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
  return connected ? "garbage for HTTP/2, then a reset" : "garbage: not connected";
}

bool SoakClients::AllServed(int count) const {
  std::vector<std::unique_ptr<client::StreamingSession>> sessions;
  for (int i = 0; i < count; ++i) {
    sessions.push_back(Open(i));
    sessions.back()->Write(texts_.front().audio);
  }
  for (const auto& session : sessions) {
    v1::StreamingRecognizeResponse response;
    if (!session->Next(&response) || !response.has_started()) return false;
  }
  return true;
}

}  // namespace rill
