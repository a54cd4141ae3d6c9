// What is sent again after a loss, and from where.
#include "client/request_ring.h"

#include <gtest/gtest.h>

#include "client/requests.h"

namespace rill::client {
namespace {

class RequestRingTest : public ::testing::Test {
 protected:
  // Audio of all requests that are to be sent, a flush as "|".
  std::string TakeAll() {
    std::string text;
    while (const auto request = ring_.TakeNext()) {
      text += request->has_audio()      ? request->audio()
              : request->has_features() ? request->features().data()
                                        : "|";
    }
    return text;
  }

  RequestRing ring_;
};

TEST_F(RequestRingTest, SendsEachOnceAndAllAgainAfterALoss) {
  ring_.Push(AudioRequest("ab"));
  ring_.Push(FlushRequest(1));
  EXPECT_FALSE(ring_.all_sent());
  EXPECT_EQ(TakeAll(), "ab|");
  EXPECT_TRUE(ring_.all_sent());
  EXPECT_EQ(ring_.unsent_bytes(), 0u);
  ring_.Push(FeaturesRequest("cd"));
  EXPECT_EQ(TakeAll(), "cd");
  ring_.Restart();
  EXPECT_EQ(ring_.unsent_bytes(), ring_.bytes());
  EXPECT_EQ(TakeAll(), "ab|cd");
}

TEST_F(RequestRingTest, ForgetsWhatIsCovered) {
  for (const char* audio : {"abcd", "efgh", "ijkl"}) ring_.Push(AudioRequest(audio));
  EXPECT_EQ(TakeAll(), "abcdefghijkl");
  EXPECT_TRUE(ring_.Cover(1, 3));
  ring_.Restart();
  EXPECT_EQ(TakeAll(), "hijkl");
  // Counted from where this call began.
  EXPECT_TRUE(ring_.Cover(0, 1));
  ring_.Restart();
  EXPECT_EQ(TakeAll(), "ijkl");
  EXPECT_TRUE(ring_.Cover(1, 0));
  ring_.Restart();
  EXPECT_EQ(TakeAll(), "ijkl");
  EXPECT_TRUE(ring_.Cover(1, 0));
  ring_.Restart();
  EXPECT_EQ(TakeAll(), "");
  EXPECT_EQ(ring_.bytes(), 0u);
}

TEST_F(RequestRingTest, ALossBeforeACheckpointGoesBackToTheOneBefore) {
  ring_.Push(AudioRequest("abcd"));
  ring_.Push(AudioRequest("ef"));
  TakeAll();
  EXPECT_TRUE(ring_.Cover(0, 2));
  ring_.Restart();
  EXPECT_EQ(ring_.TakeNext()->audio(), "cd");
  ring_.Restart();
  EXPECT_EQ(TakeAll(), "cdef");
}

TEST_F(RequestRingTest, NoServerCoversWhatWasNotSent) {
  ring_.Push(AudioRequest("abcd"));
  ring_.Push(FlushRequest(1));
  ring_.Push(AudioRequest("ef"));
  ring_.TakeNext();
  ring_.TakeNext();
  EXPECT_FALSE(ring_.Cover(3, 0));
  EXPECT_FALSE(ring_.Cover(2, 1));
  EXPECT_FALSE(ring_.Cover(0, 5));
  EXPECT_FALSE(ring_.Cover(1, 1)) << "a flush has no bytes";
  EXPECT_FALSE(ring_.Cover(-1, 0));
  EXPECT_FALSE(ring_.Cover(0, -1));
  EXPECT_TRUE(ring_.Cover(2, 0));
  EXPECT_TRUE(ring_.Cover(2, 0)) << "again";
  EXPECT_FALSE(ring_.Cover(1, 0)) << "less than before";
}

}  // namespace
}  // namespace rill::client
