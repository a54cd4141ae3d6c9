#include "server/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/grpc_log.h"
#include "server/log_limiter.h"

namespace rill::server {
namespace {

TEST(LogTest, Text) {
  EXPECT_EQ(FormatLogLine(LogFormat::kText, "T", LogLevel::kInfo, "stream_end",
                          {{"stream", "a b"}, {"words", int64_t{3}}, {"seconds", 1.5}}),
            "T info stream_end stream=\"a b\" words=3 seconds=1.500");
}

TEST(LogTest, Json) {
  const auto line = nlohmann::json::parse(
      FormatLogLine(LogFormat::kJson, "T", LogLevel::kError, "start_error",
                    {{"error", "it's \"bad\""}, {"words", int64_t{3}}, {"seconds", 1.5}}));
  EXPECT_EQ(line["time"], "T");
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["event"], "start_error");
  EXPECT_EQ(line["error"], "it's \"bad\"");
  EXPECT_EQ(line["words"], 3);
  EXPECT_EQ(line["seconds"], 1.5);
}

TEST(LogTest, NothingAClientSendsCanForgeALine) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line = FormatLogLine(format, "T", LogLevel::kInfo, "e",
                                           {{"peer", "x\nT info stream_end\r\x1b[2J\xff\xfe"}});
    for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << line;
  }
}

TEST(LogLimiterTest, ABurstThenAFewASecondThatCountTheRest) {
  LogLimiter limiter(/*burst=*/3, /*per_second=*/2);
  const LogLimiter::TimePoint start{std::chrono::hours(100)};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Next(start), 0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.Next(start), std::nullopt);
  const auto later = start + std::chrono::milliseconds(500);
  EXPECT_EQ(limiter.Next(later), 5);
  EXPECT_EQ(limiter.Next(later), std::nullopt);
  const auto much_later = later + std::chrono::hours(1);
  EXPECT_EQ(limiter.Next(much_later), 1);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(limiter.Next(much_later), 0);
  EXPECT_EQ(limiter.Next(much_later), std::nullopt);
}

TEST(RepeatFilterTest, ARepeatedMessageIsLetThroughOnceAMinute) {
  RepeatFilter filter;
  const RepeatFilter::TimePoint start{};
  EXPECT_TRUE(filter.Allow("a", start));
  EXPECT_FALSE(filter.Allow("a", start + std::chrono::seconds(59)));
  EXPECT_TRUE(filter.Allow("b", start + std::chrono::seconds(59)));
  EXPECT_TRUE(filter.Allow("a", start + std::chrono::seconds(61)));
  EXPECT_FALSE(filter.Allow("a", start + std::chrono::seconds(100)));
}

TEST(RepeatFilterTest, RemembersOnlyAFew) {
  RepeatFilter filter;
  const RepeatFilter::TimePoint now{};
  EXPECT_TRUE(filter.Allow("first", now));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(filter.Allow(std::to_string(i), now));
  EXPECT_TRUE(filter.Allow("first", now));
}

}  // namespace
}  // namespace rill::server
