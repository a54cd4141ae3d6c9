#include "client/request_ring.h"

#include <string>
#include <utility>

namespace rill::client {
namespace {

using Request = v1::StreamingRecognizeRequest;

// The audio or features; null if it has neither.
std::string* Payload(Request& request) {
  if (request.has_audio()) return request.mutable_audio();
  if (request.has_features()) return request.mutable_features()->mutable_data();
  return nullptr;
}

}  // namespace

void RequestRing::Push(Request request) {
  const size_t size = request.ByteSizeLong();
  bytes_ += size;
  unsent_bytes_ += size;
  requests_.push_back(std::move(request));
}

std::optional<Request> RequestRing::TakeNext() {
  if (all_sent()) return std::nullopt;
  Request request = requests_[static_cast<size_t>(sent_ - first_)];
  unsent_bytes_ -= request.ByteSizeLong();
  if (sent_ == call_first_ && call_bytes_ > 0) {
    if (std::string* payload = Payload(request)) payload->erase(0, call_bytes_);
  }
  ++sent_;
  return request;
}

bool RequestRing::Cover(int64_t requests, int64_t request_bytes) {
  if (requests < 0 || request_bytes < 0 || requests > sent_ - call_first_) return false;
  const int64_t covered = call_first_ + requests;
  if (covered < first_) return false;
  const int64_t bytes = request_bytes + (requests == 0 ? call_bytes_ : 0);
  if (bytes > 0) {
    if (covered >= sent_) return false;
    const std::string* payload = Payload(requests_[static_cast<size_t>(covered - first_)]);
    if (payload == nullptr || bytes > static_cast<int64_t>(payload->size())) return false;
  }
  for (; first_ < covered; ++first_) {
    bytes_ -= requests_.front().ByteSizeLong();
    requests_.pop_front();
  }
  covered_bytes_ = bytes;
  return true;
}

void RequestRing::Restart() {
  sent_ = call_first_ = first_;
  call_bytes_ = covered_bytes_;
  unsent_bytes_ = bytes_;
}

}  // namespace rill::client
