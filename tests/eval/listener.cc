#include "tests/eval/listener.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <thread>

#include "absl/strings/str_split.h"

namespace rill::eval {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPacketMs = 100;

double Seconds(int64_t ms) { return static_cast<double>(ms) / 1000; }

std::string ToLinear16(const std::vector<float>& samples) {
  std::string bytes;
  for (const float sample : samples) {
    const auto value =
        static_cast<int16_t>(std::lround(std::clamp(sample, -1.0f, 1.0f) * 32767.0f));
    bytes.push_back(static_cast<char>(value & 255));
    bytes.push_back(static_cast<char>((value >> 8) & 255));
  }
  return bytes;
}

// When the words of an utterance appeared, by their places: a word that changes appears anew.
class Appearances {
 public:
  void See(const std::string& text, double now) {
    const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
    for (size_t i = 0; i < words.size(); ++i) {
      if (i < seen_.size() && seen_[i].first == words[i]) continue;
      seen_.resize(i);
      seen_.emplace_back(words[i], now);
    }
    seen_.resize(std::min(seen_.size(), words.size()));
  }
  double When(size_t place, double otherwise) const {
    return place < seen_.size() ? seen_[place].second : otherwise;
  }
  void Clear() { seen_.clear(); }

 private:
  std::vector<std::pair<std::string, double>> seen_;
};

absl::StatusOr<std::vector<HeardWord>> ListenOnce(client::RillClient& client,
                                                  const v1::StreamingConfig& config,
                                                  const Sound& sound, bool live) {
  const std::string audio = ToLinear16(sound.samples);
  const size_t packet = static_cast<size_t>(sound.rate) * kPacketMs / 1000 * 2;
  const auto stream = client.StartStreaming(config);
  const auto began = Clock::now();
  std::thread writer([&] {
    for (size_t at = 0; at < audio.size(); at += packet) {
      if (live) {
        // A packet leaves when its last sample has been spoken.
        const size_t end = std::min(at + packet, audio.size());
        std::this_thread::sleep_until(began +
                                      std::chrono::microseconds(end / 2 * 1000000 / sound.rate));
      }
      if (!stream->Write(audio.substr(at, packet))) return;
    }
    stream->Finish();
  });
  std::vector<HeardWord> heard;
  Appearances appearances;
  const absl::Status status = stream->ReadAll([&](const v1::StreamingRecognizeResponse& response) {
    if (!response.has_result()) return;
    const double now = std::chrono::duration<double>(Clock::now() - began).count();
    const v1::Result& result = response.result();
    appearances.See(result.text(), now);
    if (!result.is_final()) return;
    for (int i = 0; i < result.words_size(); ++i) {
      const v1::Word& word = result.words(i);
      const double end = Seconds(word.end_ms());
      heard.push_back({word.text(), Seconds(word.start_ms()), end,
                       appearances.When(static_cast<size_t>(i), now) - end});
    }
    appearances.Clear();
  });
  writer.join();
  if (!status.ok()) return status;
  return heard;
}

}  // namespace

absl::StatusOr<std::vector<HeardWord>> Listen(client::RillClient& client,
                                              const v1::RecognitionConfig& recognition,
                                              const Sound& sound, bool live) {
  v1::StreamingConfig config;
  *config.mutable_recognition() = recognition;
  config.mutable_recognition()->set_word_times(true);
  config.mutable_recognition()->mutable_audio()->set_encoding(v1::LINEAR16);
  config.mutable_recognition()->mutable_audio()->set_sample_rate_hertz(sound.rate);
  config.set_interim_results(live);
  while (true) {
    auto heard = ListenOnce(client, config, sound, live);
    const auto delay = client::RetryDelay(heard.status());
    if (!delay) return heard;
    std::this_thread::sleep_for(*delay);
  }
}

}  // namespace rill::eval
