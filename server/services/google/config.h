// A Google client's RecognitionConfig as what the core takes. What rill has not and a client would
// rely on is an error that names the field; docs/google.md has all of them. Pure functions; any
// thread.
//
// The namespace is not called google: inside of rill::server that would hide protobuf's.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/cloud/speech/v1/cloud_speech.pb.h"
#include "server/services/foreign_config.h"
#include "server/services/result_format.h"
#include "server/services/speech_core.h"

namespace rill::server::google_speech {

namespace speech = ::google::cloud::speech::v1;

// How a call's results are written.
struct ResultStyle {
  ResultFormat format;
  bool word_confidence = false;
  std::string language;  // of the results
  Liberties liberties;   // ignored: names of fields
};

// What `config` asks of `model`. `where` is how the client gets to it: "streaming_config.config".
absl::StatusOr<StreamOptions> ToStreamOptions(const speech::RecognitionConfig& config,
                                              const std::string& where, const ModelInfo& model,
                                              const StreamDefaults& defaults, ResultStyle* style);

// The session that `config` asks for, while all of them live. The core's Open writes *style.
SpeechCore::OpenRequest ToOpenRequest(const char* method, const std::string& where,
                                      const speech::RecognitionConfig& config,
                                      const SpeechCore& core, const Caller& caller,
                                      ResultStyle* style);

// The core's error, with a phrase at fault named as the client sent it.
absl::Status AsSent(const absl::Status& status, const std::string& where,
                    const speech::RecognitionConfig& config);

}  // namespace rill::server::google_speech
