#include "server/log.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace rill::server {
namespace {

std::atomic<LogLevel> least_level{LogLevel::kInfo};
std::atomic<LogFormat> log_format{LogFormat::kText};

const char* Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

std::string Now() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const int64_t millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc;
  gmtime_r(&seconds, &utc);
  char date[32], text[48];
  std::strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text, sizeof(text), "%s.%03dZ", date, static_cast<int>(millis));
  return text;
}

nlohmann::ordered_json ToJson(const LogValue& value) {
  return std::visit([](const auto& v) { return nlohmann::ordered_json(v); }, value);
}

// Bytes that are not UTF-8 are replaced: dump() would throw.
std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string ToText(const LogValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return Dump(*text);
  if (const auto* number = std::get_if<double>(&value)) {
    char buffer[32];
    std::snprintf(buffer, sizeof(buffer), "%.3f", *number);
    return buffer;
  }
  return std::to_string(std::get<int64_t>(value));
}

}  // namespace

void ConfigureLog(LogLevel least, LogFormat format) {
  least_level = least;
  log_format = format;
}

std::string FormatLogLine(LogFormat format, const std::string& time, LogLevel level,
                          const char* event, const LogFields& fields) {
  if (format == LogFormat::kJson) {
    nlohmann::ordered_json line = {{"time", time}, {"level", Name(level)}, {"event", event}};
    for (const auto& [key, value] : fields) line[key] = ToJson(value);
    return Dump(line);
  }
  std::string line = time + " " + Name(level) + " " + event;
  for (const auto& [key, value] : fields) line += std::string(" ") + key + "=" + ToText(value);
  return line;
}

void Log(LogLevel level, const char* event, const LogFields& fields) {
  if (level < least_level) return;
  const std::string line = FormatLogLine(log_format, Now(), level, event, fields) + "\n";
  // One write a line: the kernel keeps lines of several threads apart. If standard error is gone,
  // so is the line.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace rill::server
