// The server's log: one line an event on standard error, as text or as JSON. Any thread. A line is
// written whole. Values are quoted and escaped, so that nothing a client sends can forge a line.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rill::server {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

using LogValue = std::variant<int64_t, double, std::string>;
using LogField = std::pair<const char*, LogValue>;
using LogFields = std::vector<LogField>;

// The settings of the whole process. Called once, before the first line.
void ConfigureLog(LogLevel least, LogFormat format);

// `event` is a constant snake_case name: "stream_end".
void Log(LogLevel level, const char* event, const LogFields& fields);

// The line that Log writes, without the newline. `time` is RFC 3339.
std::string FormatLogLine(LogFormat format, const std::string& time, LogLevel level,
                          const char* event, const LogFields& fields);

}  // namespace rill::server
