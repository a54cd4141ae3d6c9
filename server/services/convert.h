// Between the messages of rill.v1 and the core's types. Every field a client sends is checked here,
// and an error names it as the client wrote it. Pure functions; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/recognizer.h"
#include "rill/v1/rill.pb.h"
#include "server/services/result_format.h"
#include "server/services/sent_phrases.h"
#include "server/services/speech_core.h"

namespace rill::server {

// The chunk lengths a client may ask for: kChunkFrames in milliseconds.
inline constexpr auto kChunkMs = [] {
  std::array<int, std::size(kChunkFrames)> ms{};
  std::transform(std::begin(kChunkFrames), std::end(kChunkFrames), ms.begin(),
                 [](int frames) { return frames * kFrameMs; });
  return ms;
}();

// InvalidArgument naming the field: `where` is how the client gets to `config`,
// "config.recognition".
absl::StatusOr<StreamOptions> ToStreamOptions(const v1::RecognitionConfig& config,
                                              const std::string& where,
                                              const StreamDefaults& defaults, bool features);

// The session that `config` asks for, at the core, while it and `caller` live.
SpeechCore::OpenRequest ToOpenRequest(const char* method, const std::string& where,
                                      const v1::RecognitionConfig& config, const Caller& caller,
                                      bool features = false);

// A boost of 0 is kDefaultBoost.
std::vector<HotWord> ToHotWords(const google::protobuf::RepeatedPtrField<v1::HotWord>& hot_words);

ResultFormat ToResultFormat(const v1::RecognitionConfig& config);

v1::Result ToResult(const StreamEvent& event, const ResultFormat& format);

// Of a kSpeechStart or kSpeechEnd.
v1::SpeechEvent ToSpeechEvent(const StreamEvent& event);

v1::Model ToModel(const ModelInfo& info, bool is_default);

}  // namespace rill::server
