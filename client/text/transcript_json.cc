#include "client/text/transcript_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace rill::client {
namespace {

using Json = nlohmann::ordered_json;

double Seconds(int64_t ms) { return static_cast<double>(ms) / 1000; }
double Rounded(double value) { return std::round(value * 1000) / 1000; }

Json WordJson(const v1::Word& word) {
  return {{"text", word.text()},
          {"start", Seconds(word.start_ms())},
          {"end", Seconds(word.end_ms())},
          {"confidence", Rounded(word.confidence())}};
}

Json AlternativesJson(const v1::Result& result) {
  Json texts = Json::array();
  for (const v1::Alternative& other : result.alternatives()) texts.push_back(other.text());
  return texts;
}

Json FinalJson(const v1::Result& result) {
  return {{"start", Seconds(result.start_ms())},
          {"end", Seconds(result.end_ms())},
          {"text", result.text()},
          {"confidence", Rounded(result.confidence())},
          {"alternatives", AlternativesJson(result)}};
}

// A server's or a file name's bytes that are not UTF-8 are replaced: dump would throw.
std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string TranscriptJson(const std::string& file, double seconds,
                           const std::vector<v1::Result>& results, bool with_finals) {
  std::string text;
  Json words = Json::array();
  for (const v1::Result& result : results) {
    if (!text.empty() && !result.text().empty()) text += ' ';
    text += result.text();
    for (const v1::Word& word : result.words()) words.push_back(WordJson(word));
  }
  Json json = {{"file", file}, {"seconds", Rounded(seconds)}, {"text", text}, {"words", words}};
  if (with_finals) {
    json["finals"] = Json::array();
    for (const v1::Result& result : results) json["finals"].push_back(FinalJson(result));
  }
  return Line(json);
}

std::string ResultJson(const v1::Result& result) {
  Json json = {{"final", result.is_final()},
               {"start", Seconds(result.start_ms())},
               {"end", Seconds(result.end_ms())},
               {"text", result.text()}};
  if (!result.is_final()) {
    json["stability"] = Rounded(result.stability());
    json["settled_words"] = result.settled_words();
  } else {
    json["confidence"] = Rounded(result.confidence());
    json["words"] = Json::array();
    for (const v1::Word& word : result.words()) json["words"].push_back(WordJson(word));
    if (result.alternatives_size() > 0) json["alternatives"] = AlternativesJson(result);
  }
  return Line(json);
}

std::string FlushedJson(uint64_t id) { return Line({{"flushed", id}}); }

std::string SpeechEventJson(const v1::SpeechEvent& event) {
  const bool starts = event.type() == v1::SpeechEvent::SPEECH_START;
  return Line(
      {{"event", starts ? "speech_start" : "speech_end"}, {"time", Seconds(event.time_ms())}});
}

}  // namespace rill::client
