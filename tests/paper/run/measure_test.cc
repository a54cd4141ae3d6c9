#include "model/paper/run/measure.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

namespace rill::paper {
namespace {

constexpr int64_t kMegabyte = 1 << 20;
constexpr MeasureOptions kOnce = {.memory_bytes = 512 * kMegabyte, .most_runs = 1};

void Touch(int64_t bytes) {
  std::unique_ptr<char[]> memory(new char[bytes]);
  for (int64_t i = 0; i < bytes; i += 512) static_cast<volatile char*>(memory.get())[i] = 1;
}

TEST(MeasureTest, CountsThePeakOfTheWorkAlone) {
  std::vector<char> held;
  const auto measured = MeasureInChild([&] { held.assign(200 * kMegabyte, 1); },
                                       [] { Touch(64 * kMegabyte); }, kOnce);
  ASSERT_TRUE(measured.ok()) << measured.status();
  EXPECT_NEAR(measured->peak_bytes, 64 * kMegabyte, 2 * kMegabyte);
  EXPECT_EQ(measured->runs, 1);
  EXPECT_TRUE(held.empty()) << "the child's memory is not this process's";
}

TEST(MeasureTest, RunsUntilItHasEnough) {
  const auto measured =
      MeasureInChild([] {}, [] { Touch(kMegabyte); },
                     {.enough_seconds = 100, .long_seconds = 100, .most_runs = 7});
  ASSERT_TRUE(measured.ok()) << measured.status();
  EXPECT_EQ(measured->runs, 7);
  EXPECT_GT(measured->quickest.cpu, 0);
}

TEST(MeasureTest, TooMuchMemoryEndsTheChildOnly) {
  const auto measured = MeasureInChild([] {}, [] { Touch(1024 * kMegabyte); }, kOnce);
  EXPECT_EQ(measured.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(MeasureTest, ErrorsComeBack) {
  const auto thrown =
      MeasureInChild([] {}, [] { throw std::runtime_error("shapes differ"); }, kOnce);
  EXPECT_EQ(thrown.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(thrown.status().message(), "shapes differ");
  const auto killed = MeasureInChild([] {}, [] { std::_Exit(3); }, kOnce);
  EXPECT_EQ(killed.status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace rill::paper
