#include "tests/bench/decoding/interim_results.h"

#include <gmock/gmock.h>

#include "tests/bench/decoding/word_alignment.h"

namespace rill {
namespace {

using testing::ElementsAre;

StreamEvent Event(StreamEvent::Kind kind, const char* text) {
  StreamEvent event;
  event.kind = kind;
  for (const std::string& word : SplitWords(text)) event.hypothesis.words.push_back({word});
  return event;
}
StreamEvent Interim(const char* text) { return Event(StreamEvent::Kind::kInterim, text); }
StreamEvent Final(const char* text) { return Event(StreamEvent::Kind::kFinal, text); }

TEST(InterimResultsTest, CountsWordsTakenBackAndThoseThatStay) {
  const InterimHistory history =
      JudgeInterims({Interim("a"), Interim("a b"), Interim("x b c"), Final("x b"), Interim("d"),
                     Event(StreamEvent::Kind::kFlushed, ""), Final("d e"), Interim("lost")});
  EXPECT_THAT(history.taken_back, ElementsAre(0, 2, 1, 0));
  ASSERT_EQ(history.interims.size(), 4u);
  EXPECT_THAT(history.interims[0].survives, ElementsAre(false));
  EXPECT_THAT(history.interims[1].survives, ElementsAre(false, true));
  EXPECT_THAT(history.interims[2].survives, ElementsAre(true, true, false));
  EXPECT_DOUBLE_EQ(history.interims[2].survivors(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(history.interims[3].survivors(), 1);
}

}  // namespace
}  // namespace rill
