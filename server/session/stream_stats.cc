#include "server/session/stream_stats.h"

#include <algorithm>

#include "absl/status/status.h"

namespace rill::server {
namespace {

double Seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double Milliseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

void StreamStats::OnReady(TimePoint now, int64_t heard_ms) {
  if (waiting_.empty() || heard_ms >= waiting_.back().heard_ms + chunk_ms_) {
    waiting_.push_back({heard_ms, now});
  }
}

void StreamStats::OnPaused() { waiting_.clear(); }

void StreamStats::OnStep(TimePoint began, TimePoint now, int64_t processed_ms,
                         const std::vector<StreamEvent>& events) {
  ++steps_;
  if (!waiting_.empty()) {
    const TimePoint since = waiting_.front().since;
    lag_max_ = std::max(lag_max_, now - since);
    lag_sum_ += now - since;
    // What came while the step ran may have been taken by it: then it did not wait.
    metrics_->queue_seconds.Observe(Seconds(std::max(began, since) - since));
    metrics_->result_seconds.Observe(Seconds(now - since));
  }
  // What is left of it is less than a chunk, and waits for more audio.
  while (!waiting_.empty() && waiting_.front().heard_ms < processed_ms + chunk_ms_) {
    waiting_.pop_front();
  }
  for (const StreamEvent& event : events) {
    if (!first_result_ && !event.hypothesis.words.empty()) {
      first_result_ = now;
      metrics_->first_word_seconds.Observe(Seconds(now - opened_));
    }
    if (event.kind == StreamEvent::Kind::kFinal) {
      ++finals_;
      const auto words = static_cast<int64_t>(event.hypothesis.words.size());
      words_ += words;
      metrics_->words.fetch_add(words, std::memory_order_relaxed);
    }
  }
}

void StreamStats::OnFinish(TimePoint now) {
  if (!finished_) finished_ = now;
}

void StreamStats::OnClosed(TimePoint now, const StreamIdentity& identity,
                           const absl::Status& status) {
  metrics_->ended.Add(identity.method, status.code());
  if (finished_ && status.ok()) metrics_->finish_seconds.Observe(Seconds(now - *finished_));
}

LogFields StreamStats::Fields(TimePoint now, const StreamIdentity& identity, int64_t audio_samples,
                              const absl::Status& status) const {
  LogFields fields = {
      {"stream", identity.id},
      {"method", identity.method},
      {"model", identity.model},
      {"peer", identity.peer},
      {"status", absl::StatusCodeToString(status.code())},
      {"seconds", Milliseconds(now - opened_) / 1000},
      {"audio_seconds", static_cast<double>(audio_samples) / 16000},
      {"finals", finals_},
      {"words", words_},
      {"steps", steps_},
      {"lag_mean_ms", steps_ > 0 ? Milliseconds(lag_sum_) / static_cast<double>(steps_) : 0.0},
      {"lag_max_ms", Milliseconds(lag_max_)},
  };
  if (!identity.client.empty()) fields.push_back({"client", identity.client});
  if (first_result_) fields.push_back({"first_result_ms", Milliseconds(*first_result_ - opened_)});
  if (finished_) fields.push_back({"end_to_close_ms", Milliseconds(now - *finished_)});
  if (!status.ok()) fields.push_back({"error", std::string(status.message())});
  return fields;
}

}  // namespace rill::server
