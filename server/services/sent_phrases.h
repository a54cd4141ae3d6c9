// The phrases that clients of other servers expect to be said, as hot words that know where the
// client has written them. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "model/decoder/decoder_options.h"

namespace rill::server {

// The boost of a hot word that does not say one.
inline constexpr float kDefaultBoost = 5;

struct SentPhrase {
  HotWord hot_word;
  std::string field;  // "config.speech_contexts[0].phrases[2]"
};

inline bool TooMany(const std::vector<SentPhrase>& phrases) {
  return phrases.size() > kMaxHotWords;
}

// 0 is kDefaultBoost; others are cut to what the decoder takes. InvalidArgument: not a number.
absl::StatusOr<float> ToBoost(float sent, const std::string& field);

// Nothing if the text is empty, or if there is one too many already: that is refused like millions,
// which are not worth a copy.
void AddPhrase(const std::string& text, float boost, const std::string& field,
               std::vector<SentPhrase>* phrases);

// speech_contexts, Riva's or Google's, which the client has written in `field`.
template <class Contexts>
absl::Status AddContexts(const Contexts& contexts, const std::string& field,
                         std::vector<SentPhrase>* phrases) {
  for (int i = 0; i < contexts.size(); ++i) {
    const std::string context = absl::StrCat(field, "[", i, "]");
    const auto boost = ToBoost(contexts[i].boost(), context + ".boost");
    if (!boost.ok()) return boost.status();
    for (int j = 0; j < contexts[i].phrases_size() && !TooMany(*phrases); ++j) {
      AddPhrase(contexts[i].phrases(j), *boost, absl::StrCat(context, ".phrases[", j, "]"),
                phrases);
    }
  }
  return absl::OkStatus();
}

std::vector<HotWord> ToHotWords(const std::vector<SentPhrase>& phrases);

// The core's error, with the phrase at fault named as the client wrote it; `fields` are those of
// all phrases.
absl::Status AsSent(const absl::Status& status, const std::string& fields,
                    const std::vector<SentPhrase>& phrases);

}  // namespace rill::server
