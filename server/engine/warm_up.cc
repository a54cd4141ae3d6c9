#include "server/engine/warm_up.h"

#include <algorithm>
#include <cstdint>
#include <future>
#include <memory>
#include <utility>
#include <vector>

namespace rill::server {
namespace {

// A stream of silence; `gone` is told when nothing is left of it.
class SilentStream : public BatchMember {
 public:
  SilentStream(EngineStream stream, std::promise<void> gone)
      : gone_(std::move(gone)), stream_(std::move(stream)) {}
  ~SilentStream() override {
    stream_.reset();
    gone_.set_value();
  }

  RecognitionStream* stream() override { return stream_->stream.get(); }

  bool AfterStep(TimePoint) override {
    const std::vector<StreamEvent> events = stream()->TakeEvents();
    const bool ended = !events.empty() && events.back().kind == StreamEvent::Kind::kEnd;
    if (ended) stream_->thread->Remove(id_);
    return !ended && stream()->ready();
  }

  void FailStep(const absl::Status&) override { stream_->thread->Remove(id_); }

  absl::Status Start(const std::shared_ptr<SilentStream>& self, int samples) {
    const std::vector<uint8_t> silence(samples * sizeof(int16_t));
    absl::Status status = stream()->AcceptAudio(silence);
    if (status.ok()) status = stream()->Finish();
    if (!status.ok()) return status;
    id_ = stream_->thread->Add(self);
    stream_->thread->MarkReady(id_);
    return status;
  }

 private:
  std::promise<void> gone_;
  std::optional<EngineStream> stream_;
  ModelThread::MemberId id_ = 0;
};

}  // namespace

absl::Status WarmUp(Engine* engine, int chunk_frames) {
  StreamOptions options;
  options.audio.encoding = AudioEncoding::kLinear16;
  options.audio.sample_rate = 16000;
  options.chunk_frames = chunk_frames;
  const int samples = 2 * chunk_frames * kFrameMs * 16;
  std::vector<std::future<void>> streams;
  absl::Status status;
  // Admission spreads them, one a worker that has room for one.
  const int count = std::min(engine->workers(), engine->max_streams());
  for (int i = 0; i < count && status.ok(); ++i) {
    auto ticket = engine->Admit();
    if (!ticket.ok()) {
      status = ticket.status();
      break;
    }
    auto stream = engine->Open(*std::move(ticket), options);
    if (!stream.ok()) {
      status = stream.status();
      break;
    }
    std::promise<void> gone;
    streams.push_back(gone.get_future());
    const auto silent = std::make_shared<SilentStream>(*std::move(stream), std::move(gone));
    status = silent->Start(silent, samples);
  }
  for (const std::future<void>& stream : streams) stream.wait();
  return status;
}

}  // namespace rill::server
