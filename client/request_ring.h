// The requests of a stream that its server may still lose: those since its last checkpoint, in
// order, and which of them the call at hand has sent. A pure data structure; not thread-safe.
//
// Requests are numbered from the start of the stream. A call begins with the first request that the
// state it goes on from does not cover, or with what is left of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "rill/v1/rill.pb.h"

namespace rill::client {

class RequestRing {
 public:
  void Push(v1::StreamingRecognizeRequest request);

  // The next request to send in this call, if there is one; it then counts as sent. Of the first,
  // only what the state does not cover.
  std::optional<v1::StreamingRecognizeRequest> TakeNext();
  bool all_sent() const { return sent_ == end(); }

  // What a Checkpoint of this call covers; requests wholly covered are forgotten. False if the call
  // has not sent so much: the server is at fault.
  bool Cover(int64_t requests, int64_t request_bytes);

  // A new call, which goes on from what is covered.
  void Restart();

  size_t bytes() const { return bytes_; }  // of all that is kept
  size_t unsent_bytes() const { return unsent_bytes_; }

 private:
  int64_t end() const { return first_ + static_cast<int64_t>(requests_.size()); }

  std::deque<v1::StreamingRecognizeRequest> requests_;
  int64_t first_ = 0;          // number of the front of requests_
  int64_t sent_ = 0;           // number of the next request to send
  int64_t covered_bytes_ = 0;  // of the front's audio or features
  int64_t call_first_ = 0;     // where the call began: a request,
  int64_t call_bytes_ = 0;     // and so many of its bytes
  size_t bytes_ = 0, unsent_bytes_ = 0;
};

}  // namespace rill::client
