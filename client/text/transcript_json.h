// Results as JSON, one object a line. Pure functions; any thread. Times are seconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rill/v1/rill.pb.h"

namespace rill::client {

// {"file", "seconds", "text", "words": [{"text", "start", "end", "confidence"}]}, and if asked for
// "finals": [{"start", "end", "text", "confidence", "alternatives": [text]}].
std::string TranscriptJson(const std::string& file, double seconds,
                           const std::vector<v1::Result>& results, bool with_finals = false);

// {"final", "start", "end", "text"}, and for finals "confidence", "words" and, if there are any,
// "alternatives", for others "stability", "settled_words".
std::string ResultJson(const v1::Result& result);

// {"event": "speech_start" or "speech_end", "time"}
std::string SpeechEventJson(const v1::SpeechEvent& event);

// {"flushed": id}
std::string FlushedJson(uint64_t id);

}  // namespace rill::client
