#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "model/encoder/cuda/residency.h"

namespace rill::cuda {
namespace {

using Kind = Residency::Move::Kind;

// Makes the moves with numbers for states: a stream's is its own number, and how often it stepped.
class Memory {
 public:
  explicit Memory(const Residency& residency)
      : device_(residency.device_slots(), -1), host_(residency.host_slots(), -1) {}

  void Make(const std::vector<Residency::Move>& moves) {
    for (const Residency::Move& move : moves) {
      int& on_device = device_.at(move.device_slot);
      if (move.kind == Kind::kStart) {
        EXPECT_EQ(move.host_slot, -1);
        on_device = 0;
      } else if (move.kind == Kind::kIn) {
        on_device = host_.at(move.host_slot);
      } else {
        host_.at(move.host_slot) = on_device;
      }
    }
  }

  int& device(int slot) { return device_.at(slot); }
  int host(int slot) const { return host_.at(slot); }

 private:
  std::vector<int> device_, host_;
};

TEST(ResidencyTest, AllStayWhereThereIsRoom) {
  Residency residency(3, 5);
  EXPECT_EQ(residency.host_slots(), 0);
  EXPECT_EQ(residency.Bring({2, 0}).size(), 2u);
  EXPECT_EQ(residency.Bring({1, 2}).size(), 1u);
  EXPECT_TRUE(residency.Bring({0, 1, 2}).empty());
}

TEST(ResidencyTest, TheOneThatSteppedLongestAgoMakesRoom) {
  Residency residency(4, 2);
  EXPECT_EQ(residency.Bring({0}), (std::vector<Residency::Move>{{Kind::kStart, 0, -1}}));
  EXPECT_EQ(residency.Bring({1}), (std::vector<Residency::Move>{{Kind::kStart, 1, -1}}));
  EXPECT_TRUE(residency.Bring({0}).empty());
  EXPECT_EQ(residency.Bring({2}),
            (std::vector<Residency::Move>{{Kind::kOut, 1, 0}, {Kind::kStart, 1, -1}}));
  EXPECT_EQ(residency.device_slot(1), -1);
  EXPECT_EQ(residency.host_slot(1), 0);
  // Out before in: for a moment both wait in the host's memory.
  EXPECT_EQ(residency.Bring({1}),
            (std::vector<Residency::Move>{{Kind::kOut, 0, 1}, {Kind::kIn, 0, 0}}));
  EXPECT_EQ(residency.host_slot(1), -1);
  EXPECT_EQ(residency.device_slot(0), -1);
}

TEST(ResidencyTest, NoneOfAStepMakesRoomForAnother) {
  Residency residency(6, 3);
  residency.Bring({0, 1, 2});
  residency.Bring({3, 4, 0});  // 0 is the oldest, and stays
  for (const int stream : {0, 3, 4}) EXPECT_GE(residency.device_slot(stream), 0) << stream;
}

TEST(ResidencyTest, AForgottenStreamBeginsAnew) {
  Residency residency(3, 1);
  residency.Bring({0});
  residency.Bring({1});
  residency.Forget(0);  // in the host's memory
  residency.Forget(1);  // on the device
  residency.Forget(2);  // nowhere
  EXPECT_EQ(residency.Bring({0}), (std::vector<Residency::Move>{{Kind::kStart, 0, -1}}));
}

// Streams come, step in any company, and go; each finds the state that it left.
TEST(ResidencyTest, EveryStreamFindsItsOwnState) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const int streams = 1 + static_cast<int>(random() % 12);
    const int device_slots = 1 + static_cast<int>(random() % 12);
    Residency residency(streams, device_slots);
    Memory memory(residency);
    std::vector<int> wanted(streams, 0), last_step(streams, -1), order(streams);
    std::iota(order.begin(), order.end(), 0);
    for (int time = 0; time < 60; ++time) {
      if (random() % 4 == 0) {
        const int gone = static_cast<int>(random() % streams);
        residency.Forget(gone);
        wanted[gone] = 0;
        last_step[gone] = -1;
        continue;
      }
      std::shuffle(order.begin(), order.end(), random);
      const int most = std::min(streams, device_slots);
      const std::vector<int> step(order.begin(), order.begin() + 1 + random() % most);
      std::vector<int> was_there;
      for (int stream = 0; stream < streams; ++stream) {
        if (residency.device_slot(stream) >= 0) was_there.push_back(stream);
      }
      memory.Make(residency.Bring(step));
      int youngest_gone = -1;
      for (const int stream : was_there) {
        if (residency.device_slot(stream) < 0) {
          youngest_gone = std::max(youngest_gone, last_step[stream]);
        }
      }
      for (const int stream : was_there) {
        if (residency.device_slot(stream) >= 0 &&
            std::find(step.begin(), step.end(), stream) == step.end()) {
          EXPECT_GE(last_step[stream], youngest_gone);
        }
      }
      for (const int stream : step) {
        ASSERT_GE(residency.device_slot(stream), 0);
        int& state = memory.device(residency.device_slot(stream));
        ASSERT_EQ(state, wanted[stream]);
        state = wanted[stream] = 100 * stream + time + 1;
        last_step[stream] = time;
      }
      for (int stream = 0; stream < streams; ++stream) {
        const int device = residency.device_slot(stream), host = residency.host_slot(stream);
        ASSERT_FALSE(device >= 0 && host >= 0);
        if (device >= 0) {
          ASSERT_EQ(memory.device(device), wanted[stream]);
        } else if (host >= 0) {
          ASSERT_EQ(memory.host(host), wanted[stream]);
        } else {
          ASSERT_EQ(wanted[stream], 0);
        }
      }
    }
  }
}

}  // namespace
}  // namespace rill::cuda
