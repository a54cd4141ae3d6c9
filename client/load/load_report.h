// What a load test measured. A plain value. Latencies are milliseconds.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "client/load/percentiles.h"

namespace rill::client {

struct LoadReport {
  int streams = 0;
  double seconds = 0;       // of audio a stream
  double ramp_seconds = 0;  // the first stream's start to the last one's
  double measured_seconds = 0;

  // From the moment the last sample that a response covers was due to be spoken, to its arrival.
  Percentiles response;  // every response that covers new audio
  Percentiles interim;   // those with text that may still change
  Percentiles final;     // those with text that will not
  // From the beginning of a stream's first word to the first text.
  Percentiles first_word;
  // From the end of a stream's audio to the end of the call, last words and all.
  Percentiles finish;
  // How late audio was sent: by this program being slow, or by the server holding it back.
  Percentiles send;

  int fell_behind = 0;  // streams with a response or audio later than behind_ms
  double behind_ms = 0;
  int completed = 0;  // streams that ended well
  std::map<absl::StatusCode, int> errors;
  std::string first_error;
  int64_t words = 0;         // in final results
  double audio_seconds = 0;  // sent by all streams
  double client_cpu = 0;     // cores used by this program
};

// A table for people; one JSON object for programs.
std::string FormatLoadReport(LoadReport& report);
std::string LoadReportJson(LoadReport& report);

}  // namespace rill::client
