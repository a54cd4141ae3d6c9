#include "client/load/load_report.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rill::client {
namespace {

std::vector<std::pair<const char*, Percentiles*>> Latencies(LoadReport& report) {
  return {{"response", &report.response}, {"interim", &report.interim},
          {"final", &report.final},       {"first_word", &report.first_word},
          {"finish", &report.finish},     {"send", &report.send}};
}

double Rounded(double value) { return std::round(value * 100) / 100; }

}  // namespace

std::string FormatLoadReport(LoadReport& report) {
  std::string text = absl::StrFormat(
      "%d streams of %.0f s, all of them for %.0f s: %d completed, %d fell behind (over %.0f ms)\n",
      report.streams, report.seconds, report.measured_seconds, report.completed, report.fell_behind,
      report.behind_ms);
  for (const auto& [code, count] : report.errors) {
    absl::StrAppend(&text, "errors: ", count, " x ", absl::StatusCodeToString(code), "\n");
  }
  if (!report.first_error.empty())
    absl::StrAppend(&text, "first error: ", report.first_error, "\n");
  absl::StrAppend(&text, absl::StrFormat("%-12s %8s %8s %8s %8s %8s\n", "latency, ms", "p50", "p90",
                                         "p99", "max", "count"));
  for (const auto& [name, values] : Latencies(report)) {
    absl::StrAppend(
        &text, absl::StrFormat("%-12s %8.1f %8.1f %8.1f %8.1f %8d\n", name, values->At(50),
                               values->At(90), values->At(99), values->At(100), values->count()));
  }
  absl::StrAppend(&text, absl::StrFormat("%.0f s of audio, %d words, client %.2f cores\n",
                                         report.audio_seconds, report.words, report.client_cpu));
  return text;
}

std::string LoadReportJson(LoadReport& report) {
  nlohmann::ordered_json json = {
      {"streams", report.streams},           {"seconds", report.seconds},
      {"ramp_seconds", report.ramp_seconds}, {"measured_seconds", report.measured_seconds},
      {"completed", report.completed},       {"fell_behind", report.fell_behind},
      {"behind_ms", report.behind_ms}};
  json["errors"] = nlohmann::ordered_json::object();
  for (const auto& [code, count] : report.errors) {
    json["errors"][absl::StatusCodeToString(code)] = count;
  }
  json["first_error"] = report.first_error;
  for (const auto& [name, values] : Latencies(report)) {
    json["latency_ms"][name] = {{"p50", Rounded(values->At(50))},
                                {"p90", Rounded(values->At(90))},
                                {"p99", Rounded(values->At(99))},
                                {"max", Rounded(values->At(100))},
                                {"count", values->count()}};
  }
  json["words"] = report.words;
  json["audio_seconds"] = Rounded(report.audio_seconds);
  json["client_cores"] = Rounded(report.client_cpu);
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace rill::client
