#include "model/training/optimizer/thread_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <vector>

namespace rill::training {
namespace {

TEST(ThreadTeamTest, RunsEveryNumberOnceOnItsOwnThread) {
  ThreadTeam team(4);
  EXPECT_EQ(team.size(), 4);
  std::vector<std::thread::id> first(4), second(4);
  for (std::vector<std::thread::id>* ids : {&first, &second}) {
    ASSERT_TRUE(team.Run([&](int i) {
                      (*ids)[i] = std::this_thread::get_id();
                      return absl::OkStatus();
                    })
                    .ok());
  }
  EXPECT_EQ(first, second);
  EXPECT_EQ(std::set<std::thread::id>(first.begin(), first.end()).size(), 4u);
}

TEST(ThreadTeamTest, WaitsForAllBeforeItReturns) {
  ThreadTeam team(3);
  for (int round = 0; round < 1000; ++round) {
    std::atomic<int> done = 0;
    ASSERT_TRUE(team.Run([&](int) {
                      ++done;
                      return absl::OkStatus();
                    })
                    .ok());
    ASSERT_EQ(done, 3);
  }
}

TEST(ThreadTeamTest, ReportsTheFirstErrorAndSurvivesExceptions) {
  ThreadTeam team(3);
  absl::Status status = team.Run(
      [](int i) { return i == 0 ? absl::OkStatus() : absl::NotFoundError(std::to_string(i)); });
  EXPECT_EQ(status, absl::NotFoundError("1"));
  status = team.Run([](int i) -> absl::Status { throw std::runtime_error("boom"); });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(team.Run([](int) { return absl::OkStatus(); }).ok());
}

}  // namespace
}  // namespace rill::training
