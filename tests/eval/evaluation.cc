#include "tests/eval/evaluation.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/audio/audio_file.h"
#include "tests/eval/listener.h"

namespace rill::eval {
namespace {

constexpr int kRate = 16000;

class Evaluation {
 public:
  Evaluation(const training::Manifest& corpus, const Condition& condition, NoiseSource* noise,
             const EvaluationOptions& options, const std::function<void(double)>& on_done)
      : corpus_(corpus),
        condition_(condition),
        noise_(noise),
        options_(options),
        on_done_(on_done),
        streams_(PlanStreams(corpus, options.stream_minutes)),
        heard_(streams_.size()) {
    for (size_t i = 0; i < streams_.size(); ++i) heard_[i].resize(streams_[i].size());
  }

  absl::StatusOr<std::vector<Heard>> Run() {
    auto client = client::RillClient::Create(options_.connection);
    if (!client.ok()) return client.status();
    std::vector<std::thread> threads;
    for (int i = 0; i < options_.jobs; ++i) {
      threads.emplace_back([this, &client] { Work(**client); });
    }
    for (std::thread& thread : threads) thread.join();
    if (!error_.ok()) return error_;
    std::vector<Heard> all;
    for (const std::vector<Heard>& stream : heard_) {
      all.insert(all.end(), stream.begin(), stream.end());
    }
    return all;
  }

 private:
  void Work(client::RillClient& client) {
    for (size_t i = next_++; i < streams_.size(); i = next_++) {
      absl::Status status = RunStream(client, i);
      std::lock_guard lock(mutex_);
      if (error_.ok()) error_ = std::move(status);
      if (!error_.ok()) return;
    }
  }

  absl::Status RunStream(client::RillClient& client, size_t stream) {
    auto sound = Prepare(stream);
    if (!sound.ok()) return sound.status();
    const auto words = Listen(client, options_.recognition, *sound, options_.live);
    if (!words.ok()) {
      return {words.status().code(), absl::StrCat(corpus_.clips[streams_[stream].front()].path,
                                                  ": ", words.status().message())};
    }
    std::vector<Heard>& clips = heard_[stream];
    for (size_t i = 0; i < clips.size(); ++i) {
      // A word belongs to the clip in which its middle lies.
      Heard& heard = clips[i];
      for (const HeardWord& word : *words) {
        const double middle = (word.start + word.end) / 2;
        const bool before = i > 0 && middle < heard.begin;
        const bool after = i + 1 < clips.size() && middle >= clips[i + 1].begin;
        if (before || after) continue;
        if (!heard.hypothesis.empty()) heard.hypothesis += ' ';
        heard.hypothesis += word.text;
        if (options_.live) heard.latencies.push_back(word.latency);
      }
      heard.words = training::WordErrors(heard.reference, heard.hypothesis);
      on_done_(heard.seconds);
    }
    return absl::OkStatus();
  }

  // Reads the clips and makes one sound of them.
  absl::StatusOr<Sound> Prepare(size_t stream) {
    const std::vector<size_t>& clips = streams_[stream];
    std::vector<float> samples;
    for (size_t i = 0; i < clips.size(); ++i) {
      const training::ManifestClip& clip = corpus_.clips[clips[i]];
      const auto read = ReadAudioFileAt(corpus_.AudioPath(clip), kRate);
      if (!read.ok()) return read.status();
      Heard& heard = heard_[stream][i];
      heard.speaker = clip.speaker;
      heard.reference = clip.text;
      heard.begin = static_cast<double>(samples.size()) / kRate;
      heard.seconds = static_cast<double>(read->size()) / kRate;
      samples.insert(samples.end(), read->begin(), read->end());
      if (clips.size() > 1) {
        samples.resize(samples.size() + static_cast<size_t>(options_.pause_seconds * kRate));
      }
    }
    std::lock_guard lock(mutex_);  // of the noise
    return Apply(condition_, static_cast<uint32_t>(clips.front()), std::move(samples), noise_);
  }

  const training::Manifest& corpus_;
  const Condition& condition_;
  NoiseSource* const noise_;
  const EvaluationOptions& options_;
  const std::function<void(double)>& on_done_;
  const std::vector<std::vector<size_t>> streams_;
  std::vector<std::vector<Heard>> heard_;  // a stream's clips by the thread that has it
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;
  absl::Status error_;  // the first; guarded by mutex_
};

}  // namespace

absl::StatusOr<std::vector<Heard>> Evaluate(const training::Manifest& corpus,
                                            const Condition& condition, NoiseSource* noise,
                                            const EvaluationOptions& options,
                                            const std::function<void(double)>& on_done) {
  return Evaluation(corpus, condition, noise, options, on_done).Run();
}

}  // namespace rill::eval
