// A Riva client's RecognitionConfig as what the core takes. What rill has not and a client would
// rely on is an error that names the field; docs/riva.md has all of them. Pure functions; any
// thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "riva/proto/riva_asr.pb.h"
#include "server/services/foreign_config.h"
#include "server/services/result_format.h"
#include "server/services/speech_core.h"

namespace rill::server::riva {

namespace asr = nvidia::riva::asr;

// How a call's results are written.
struct ResultStyle {
  ResultFormat format;
  int alternatives = 1;  // of each final result
  int pause_ms = 0;  // stop_history_eou: an interim result after such a pause is stable; 0: none
  std::string language;  // of the results
  Liberties liberties;   // ignored: keys of custom_configuration
};

// What `config` asks of `model`. `where` is how the client gets to it: "streaming_config.config".
absl::StatusOr<StreamOptions> ToStreamOptions(const asr::RecognitionConfig& config,
                                              const std::string& where, const ModelInfo& model,
                                              const StreamDefaults& defaults, ResultStyle* style);

// The session that `config` asks for, while all of them live. The core's Open writes *style.
SpeechCore::OpenRequest ToOpenRequest(const char* method, const std::string& where,
                                      const asr::RecognitionConfig& config, const SpeechCore& core,
                                      const Caller& caller, ResultStyle* style);

// The core's error, with a phrase at fault named as the client sent it.
absl::Status AsSent(const absl::Status& status, const std::string& where,
                    const asr::RecognitionConfig& config);

}  // namespace rill::server::riva
