#include "client/load/load_test.h"

#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include "client/load/load_stream.h"

namespace rill::client {
namespace {

using Time = LoadStream::Time;
using Clock = std::chrono::steady_clock;

Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) { return time.tv_sec + time.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

gpr_timespec Deadline(Time time) {
  const auto wait = std::max(Clock::duration::zero(), time - Clock::now());
  return gpr_time_add(
      gpr_now(GPR_CLOCK_MONOTONIC),
      gpr_time_from_nanos(std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count(),
                          GPR_TIMESPAN));
}

absl::Status Validate(const LoadOptions& options) {
  if (options.streams < 1) return absl::InvalidArgumentError("--streams must be at least 1");
  if (options.packet_ms < 10 || options.packet_ms > 10000) {
    return absl::InvalidArgumentError("--packet-ms must be between 10 and 10000");
  }
  if (!(options.ramp_seconds >= 0 && options.ramp_seconds < options.seconds)) {
    return absl::InvalidArgumentError("--ramp must be less than --seconds");
  }
  if (options.connections < 1)
    return absl::InvalidArgumentError("--connections must be at least 1");
  return absl::OkStatus();
}

class LoadTest {
 public:
  LoadTest(const LoadOptions& options, const LoadAudio& audio,
           const std::vector<std::shared_ptr<grpc::Channel>>& channels)
      : options_(options) {
    const int rate = audio.format().sample_rate_hertz();
    const Time start = Clock::now();
    plan_.audio = &audio;
    *plan_.config.mutable_recognition() = options.recognition;
    *plan_.config.mutable_recognition()->mutable_audio() = audio.format();
    plan_.config.mutable_recognition()->set_word_times(true);  // for the time of the first word
    plan_.config.set_interim_results(true);
    plan_.config.set_progress(options.every_chunk);
    plan_.packet_samples = int64_t{rate} * options.packet_ms / 1000;
    plan_.total_samples = static_cast<int64_t>(rate * options.seconds);
    plan_.measure_from = start + Seconds(options.ramp_seconds);
    plan_.measure_to = start + Seconds(options.seconds);
    plan_.behind_ms = options.behind_ms;
    for (const auto& channel : channels) {
      stubs_.push_back(v1::SpeechRecognition::NewStub(channel));
    }
    for (int i = 0; i < options.streams; ++i) {
      const Time stream_start = start + Seconds(options.ramp_seconds * i / options.streams);
      streams_.push_back(std::make_unique<LoadStream>(i, stream_start, &plan_, &report_,
                                                      stubs_[i % stubs_.size()].get(), &queue_));
      timers_.push({stream_start, streams_.back().get()});
    }
    give_up_ = streams_.back()->start() + Seconds(options.seconds + options.finish_seconds);
  }

  ~LoadTest() {
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  LoadReport Run(const std::atomic<bool>* stop) {
    const Time wall_start = Clock::now();
    const double cpu_start = CpuSeconds();
    size_t open = streams_.size();
    bool cancelled = false;
    while (open > 0) {
      const Time now = Clock::now();
      if (!cancelled && (now >= give_up_ || *stop)) {
        cancelled = true;
        open -= timers_unopened();
        timers_ = {};
        for (auto& stream : streams_) stream->Cancel();
      }
      RunTimers(now);
      const Time wake = now + std::chrono::milliseconds(100);  // to see `stop`
      void* tag = nullptr;
      bool ok = false;
      if (queue_.AsyncNext(
              &tag, &ok, Deadline(timers_.empty() ? wake : std::min(wake, timers_.top().first))) !=
          grpc::CompletionQueue::GOT_EVENT) {
        continue;
      }
      const auto [stream, operation] = *static_cast<LoadStream::Tag*>(tag);
      stream->OnEvent(operation, ok, Clock::now());
      if (stream->done()) --open;
    }
    const double wall = std::chrono::duration<double>(Clock::now() - wall_start).count();
    report_.streams = options_.streams;
    report_.seconds = options_.seconds;
    report_.ramp_seconds = options_.ramp_seconds;
    report_.measured_seconds = options_.seconds - options_.ramp_seconds;
    report_.behind_ms = options_.behind_ms;
    report_.client_cpu = (CpuSeconds() - cpu_start) / wall;
    return std::move(report_);
  }

 private:
  using Timer = std::pair<Time, LoadStream*>;

  void RunTimers(Time now) {
    while (!timers_.empty() && timers_.top().first <= now) {
      const auto [due, stream] = timers_.top();
      timers_.pop();
      if (due == stream->start()) {
        stream->Open();
        ++opened_;
      }
      if (std::optional<Time> next = stream->SendDue(now)) timers_.push({*next, stream});
    }
  }

  size_t timers_unopened() const { return streams_.size() - opened_; }

  const LoadOptions options_;
  LoadPlan plan_;
  LoadReport report_;
  Time give_up_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<v1::SpeechRecognition::Stub>> stubs_;
  std::vector<std::unique_ptr<LoadStream>> streams_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  size_t opened_ = 0;
};

}  // namespace

absl::StatusOr<LoadReport> RunLoadTest(const LoadOptions& options, const LoadAudio& audio,
                                       const std::atomic<bool>* stop) {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < std::min(options.connections, options.streams); ++i) {
    auto channel = OpenChannel(options.connection, /*own=*/true);
    if (!channel.ok()) return channel.status();
    channels.push_back(*std::move(channel));
  }
  return LoadTest(options, audio, channels).Run(stop);
}

}  // namespace rill::client
