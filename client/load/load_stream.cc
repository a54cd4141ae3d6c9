#include "client/load/load_stream.h"

#include <algorithm>

#include "client/status.h"

namespace rill::client {
namespace {

double Milliseconds(LoadStream::Time::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

LoadStream::LoadStream(int number, Time start, const LoadPlan* plan, LoadReport* report,
                       v1::SpeechRecognition::Stub* stub, grpc::CompletionQueue* queue)
    : number_(number), start_(start), plan_(plan), report_(report), stub_(stub), queue_(queue) {}

void* LoadStream::Begin(Operation operation) {
  ++pending_;
  Tag& tag = tags_[static_cast<int>(operation)];
  tag = {this, operation};
  return &tag;
}

LoadStream::Time LoadStream::Due(int64_t sample) const {
  const int64_t rate = plan_->audio->format().sample_rate_hertz();
  return start_ + std::chrono::microseconds(sample * 1'000'000 / rate);
}

void LoadStream::Open() {
  call_ = stub_->PrepareAsyncStreamingRecognize(&context_, queue_);
  call_->StartCall(Begin(Operation::kStart));
}

void LoadStream::OnEvent(Operation operation, bool ok, Time now) {
  --pending_;
  switch (operation) {
    case Operation::kStart: {
      call_->Read(&response_, Begin(Operation::kRead));
      if (!ok) break;
      v1::StreamingRecognizeRequest request;
      *request.mutable_config() = plan_->config;
      call_->Write(request, Begin(Operation::kWrite));
      break;
    }
    case Operation::kWrite:
      writable_ = ok && !over_;  // if not ok, the read that is under way ends too
      SendDue(now);
      break;
    case Operation::kRead:
      if (ok) {
        OnResponse(now);
        call_->Read(&response_, Begin(Operation::kRead));
      } else {
        over_ = true;
        writable_ = false;
        call_->Finish(&status_, Begin(Operation::kFinish));
      }
      break;
    case Operation::kWritesDone:
      break;
    case Operation::kFinish:
      OnFinished(now);
      break;
  }
}

std::optional<LoadStream::Time> LoadStream::SendDue(Time now) {
  int64_t due_samples = sent_;
  while (due_samples < plan_->total_samples) {
    const int64_t next = std::min(due_samples + plan_->packet_samples, plan_->total_samples);
    if (Due(next) > now) break;
    due_samples = next;
  }
  if (writable_ && due_samples > sent_) {
    const Time first_due = Due(std::min(sent_ + plan_->packet_samples, plan_->total_samples));
    const double late_ms = Milliseconds(now - first_due);
    if (Measured(first_due)) {
      report_->send.Add(late_ms);
      CheckBehind(late_ms);
    }
    v1::StreamingRecognizeRequest request;
    request.set_audio(plan_->audio->Samples(number_, sent_, due_samples - sent_));
    sent_ = due_samples;
    writable_ = false;
    call_->Write(request, Begin(Operation::kWrite));
  } else if (writable_ && sent_ == plan_->total_samples) {
    writable_ = false;
    writes_done_ = now;
    call_->WritesDone(Begin(Operation::kWritesDone));
  }
  if (over_ || due_samples == plan_->total_samples) return std::nullopt;
  return Due(std::min(due_samples + plan_->packet_samples, plan_->total_samples));
}

void LoadStream::OnResponse(Time now) {
  const int64_t rate = plan_->audio->format().sample_rate_hertz();
  const Time due = Due(response_.processed_ms() * rate / 1000);
  const double late_ms = Milliseconds(now - due);
  const bool covers_more = response_.processed_ms() > processed_ms_;
  if (covers_more && Measured(due)) {
    report_->response.Add(late_ms);
    CheckBehind(late_ms);
  }
  processed_ms_ = std::max(processed_ms_, response_.processed_ms());
  if (!response_.has_result() || response_.result().text().empty()) return;

  const v1::Result& result = response_.result();
  if (!first_text_) first_text_ = now;
  // Results that come after the audio's end are timed by `finish`.
  if (Measured(due) && !writes_done_)
    (result.is_final() ? report_->final : report_->interim).Add(late_ms);
  if (!result.is_final()) return;
  report_->words += result.words_size();
  if (!first_word_known_ && result.words_size() > 0) {
    first_word_known_ = true;
    const Time spoken = Due(result.words(0).start_ms() * rate / 1000);
    report_->first_word.Add(Milliseconds(*first_text_ - spoken));
  }
}

void LoadStream::OnFinished(Time now) {
  finished_ = true;
  report_->audio_seconds += static_cast<double>(sent_) / plan_->audio->format().sample_rate_hertz();
  if (status_.ok() && writes_done_) {
    ++report_->completed;
    report_->finish.Add(Milliseconds(now - *writes_done_));
    return;
  }
  // A server that ends a call well before the audio is over has cut it short.
  const absl::Status status =
      status_.ok() ? absl::AbortedError("the server ended the call before the audio was over")
                   : ToAbsl(status_);
  ++report_->errors[status.code()];
  if (report_->first_error.empty()) report_->first_error = std::string(status.message());
}

void LoadStream::CheckBehind(double late_ms) {
  if (behind_ || late_ms <= plan_->behind_ms) return;
  behind_ = true;
  ++report_->fell_behind;
}

void LoadStream::Cancel() { context_.TryCancel(); }

}  // namespace rill::client
