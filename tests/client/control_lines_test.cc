// The lines that steer a live stream, from a pipe.
#include "client/cli/control_lines.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

namespace rill::client {
namespace {

using ::testing::HasSubstr;

class ControlLinesTest : public ::testing::Test {
 protected:
  ~ControlLinesTest() override {
    close(ends_[0]);
    CloseInput();
  }

  void Write(const std::string& text) {
    EXPECT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void CloseInput() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  // The next request or error as text; "over" at the end.
  std::string Next() {
    const auto request = lines_.Next();
    if (!request) return "over";
    if (!request->ok()) return std::string(request->status().message());
    return (*request)->ShortDebugString();
  }

  std::atomic<bool> stop_ = false;

 private:
  static std::array<int, 2> Pipe() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(pipe(ends.data()), 0);
    return ends;
  }

  std::array<int, 2> ends_ = Pipe();
  ControlLines lines_{ends_[0], &stop_};
};

TEST_F(ControlLinesTest, EachIsARequest) {
  Write("flush\n\n  hot-words Anna Karenina = 8,vronsky\r\n hot-words \nflush\n");
  EXPECT_EQ(Next(), "flush { id: 1 }");
  EXPECT_EQ(Next(),
            "hot_words { hot_words { phrase: \"Anna Karenina\" boost: 8 } "
            "hot_words { phrase: \"vronsky\" } }");
  EXPECT_EQ(Next(), "hot_words { }") << "none any more";
  EXPECT_EQ(Next(), "flush { id: 2 }");
}

TEST_F(ControlLinesTest, TheLastLineNeedsNoLineFeed) {
  Write("flush\nflush");
  CloseInput();
  EXPECT_EQ(Next(), "flush { id: 1 }");
  EXPECT_EQ(Next(), "flush { id: 2 }");
  EXPECT_EQ(Next(), "over");
  EXPECT_EQ(Next(), "over");
}

TEST_F(ControlLinesTest, ALineThatIsNotUnderstoodIsSaidAndTheNextOneCounts) {
  for (const std::string line : {"stop", "Flush", "flush now", "hot-wordsx", "hot-words a=b",
                                 "hot-words a, =3", "hot-words a=99"}) {
    Write(line + "\nflush\n");
    const std::string error = Next();
    EXPECT_THAT(error, HasSubstr(": ")) << line;
    EXPECT_THAT(error, ::testing::Not(HasSubstr("{"))) << line;
    EXPECT_THAT(Next(), HasSubstr("flush { id: ")) << line;
  }
  Write(std::string(10000, 'x') + "\n");
  EXPECT_LT(Next().size(), 200u);
}

TEST_F(ControlLinesTest, ALineMayComeInPieces) {
  Write("hot-words ri");
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Write("ll\nflu");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Write("sh\n");
  });
  EXPECT_EQ(Next(), "hot_words { hot_words { phrase: \"rill\" } }");
  EXPECT_EQ(Next(), "flush { id: 1 }");
  writer.join();
}

TEST_F(ControlLinesTest, StopEndsTheWaitAndHalfALineIsNone) {
  Write("flush");
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop_ = true;
  });
  EXPECT_EQ(Next(), "over");
  stopper.join();
}

TEST(ControlLinesInputTest, WhatCannotBeReadIsSaidOnce) {
  const int folder = open("/", O_RDONLY | O_CLOEXEC);
  const std::atomic<bool> stop = false;
  ControlLines lines(folder, &stop);
  const auto error = lines.Next();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->status().code(), absl::StatusCode::kUnknown);
  EXPECT_FALSE(lines.Next().has_value());
  close(folder);
}

}  // namespace
}  // namespace rill::client
