// The requests of a live stream after the first. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "rill/v1/rill.pb.h"

namespace rill::client {

inline v1::StreamingRecognizeRequest AudioRequest(std::string audio) {
  v1::StreamingRecognizeRequest request;
  request.set_audio(std::move(audio));
  return request;
}

inline v1::StreamingRecognizeRequest FeaturesRequest(std::string frames) {
  v1::StreamingRecognizeRequest request;
  request.mutable_features()->set_data(std::move(frames));
  return request;
}

inline v1::StreamingRecognizeRequest HotWordsRequest(const v1::HotWords& hot_words) {
  v1::StreamingRecognizeRequest request;
  *request.mutable_hot_words() = hot_words;
  return request;
}

inline v1::StreamingRecognizeRequest FlushRequest(uint64_t id) {
  v1::StreamingRecognizeRequest request;
  request.mutable_flush()->set_id(id);
  return request;
}

}  // namespace rill::client
