// The responses of one RPC that wait for the client, in order. One that a later one makes pointless
// is dropped: a slow reader misses interim results and progress, and never a final. Not
// thread-safe.
//
// It holds what it is given; `full` says when the producer should pause, `low` when it may go on.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

namespace rill::server {

// A response drops interim results and progress that wait just before it if they are of its own or
// a lighter kind. The others are never dropped. Marks tell of something else than words, so that
// an interim result before them stays.
enum class Weight { kLasting, kInterim, kMark, kProgress };

template <class Response>
class ResponseQueue {
 public:
  explicit ResponseQueue(size_t max_bytes) : max_bytes_(max_bytes) {}

  void Push(Response response, Weight weight) {
    while (!entries_.empty() && Drops(weight, entries_.back().weight)) {
      bytes_ -= entries_.back().bytes;
      entries_.pop_back();
    }
    const size_t size = response.ByteSizeLong() + sizeof(Response);
    bytes_ += size;
    entries_.push_back({std::move(response), size, weight});
  }

  Response Pop() {
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    bytes_ -= entry.bytes;
    return std::move(entry.response);
  }

  void Clear() {
    entries_.clear();
    bytes_ = 0;
  }

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  bool full() const { return bytes_ >= max_bytes_; }
  bool low() const { return bytes_ <= max_bytes_ / 4; }

 private:
  static bool Drops(Weight later, Weight waiting) {
    return (waiting == Weight::kInterim || waiting == Weight::kProgress) && waiting >= later;
  }

  struct Entry {
    Response response;
    size_t bytes;
    Weight weight;
  };

  const size_t max_bytes_;
  size_t bytes_ = 0;
  std::deque<Entry> entries_;
};

}  // namespace rill::server
