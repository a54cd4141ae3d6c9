#include "server/services/riva/answers.h"

#include <limits>
#include <utility>

namespace rill::server::riva {
namespace {

// A client that has sent more messages than this without an answer gets fewer answers: those that
// it sent first are answered together.
constexpr size_t kMaxOwed = 4096;
// Results that wait for the end of a long message, before they are sent all the same.
constexpr size_t kMaxHeldBytes = 64 << 10;
constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

}  // namespace

void Answers::Add(Result result) {
  auto& results = *held_.mutable_results();
  if (!results.empty() && !results.rbegin()->is_final()) {
    held_bytes_ -= results.rbegin()->ByteSizeLong();
    results.RemoveLast();
  }
  held_bytes_ += result.ByteSizeLong();
  *results.Add() = std::move(result);
}

std::vector<Answers::Response> Answers::OnTaken(const SessionProgress& progress) {
  if (owed_.size() == kMaxOwed) owed_.pop_front();
  owed_.push_back(progress.received_ms);
  if (progress.step_follows) return {};
  return Take(kAll);
}

std::vector<Answers::Response> Answers::OnStep(const SessionProgress& progress, bool ended) {
  std::vector<Response> responses =
      Take(ended || !progress.step_follows ? kAll : progress.processed_ms);
  if (!held_.results().empty() && (ended || held_bytes_ > kMaxHeldBytes)) {
    responses.push_back(TakeHeld());
  }
  return responses;
}

std::vector<Answers::Response> Answers::Take(int64_t processed_ms) {
  std::vector<Response> responses;
  while (!owed_.empty() && owed_.front() <= processed_ms) {
    responses.push_back(pattern_);
    owed_.pop_front();
  }
  if (!responses.empty()) responses.back() = TakeHeld();
  return responses;
}

Answers::Response Answers::TakeHeld() {
  Response response = pattern_;
  response.mutable_results()->Swap(held_.mutable_results());
  held_bytes_ = 0;
  return response;
}

}  // namespace rill::server::riva
