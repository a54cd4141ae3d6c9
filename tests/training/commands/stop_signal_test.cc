#include "model/training/commands/stop_signal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

namespace rill::training {
namespace {

TEST(StopSignalDeathTest, TheFirstAsksTheSecondEnds) {
  EXPECT_EXIT(
      {
        InstallStopSignals();
        if (StopRequested()) exit(1);
        raise(SIGTERM);
        exit(StopRequested() ? 0 : 2);
      },
      testing::ExitedWithCode(0), "checkpoint");
  EXPECT_EXIT(
      {
        InstallStopSignals();
        raise(SIGINT);
        raise(SIGINT);
        exit(3);
      },
      testing::ExitedWithCode(128 + SIGINT), "checkpoint");
}

}  // namespace
}  // namespace rill::training
