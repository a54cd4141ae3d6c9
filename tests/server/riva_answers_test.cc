#include <gtest/gtest.h>

#include <string>

#include "server/services/riva/answers.h"

namespace rill::server::riva {
namespace {

Answers::Result Result(const std::string& text, bool is_final) {
  Answers::Result result;
  result.set_is_final(is_final);
  result.add_alternatives()->set_transcript(text);
  return result;
}

// Each response in brackets, finals with a full stop.
std::string Show(const std::vector<Answers::Response>& responses) {
  std::string shown;
  for (const Answers::Response& response : responses) {
    shown += "[";
    for (const Answers::Result& result : response.results()) {
      shown += result.alternatives(0).transcript() + (result.is_final() ? "." : "");
    }
    shown += "]";
  }
  return shown;
}

SessionProgress At(int64_t received_ms, int64_t processed_ms, bool step_follows) {
  return {received_ms, processed_ms, step_follows};
}

TEST(RivaAnswersTest, AMessageThatCompletesNoChunkIsAnsweredAtOnce) {
  Answers answers;
  EXPECT_EQ(Show(answers.OnTaken(At(100, 0, false))), "[]");
  EXPECT_EQ(Show(answers.OnTaken(At(200, 0, false))), "[]");
  EXPECT_EQ(Show(answers.OnTaken(At(400, 0, true))), "");
  answers.Add(Result("a", false));
  EXPECT_EQ(Show(answers.OnStep(At(400, 320, false), false)), "[a]");
}

TEST(RivaAnswersTest, AStepAnswersTheMessagesThatItCovers) {
  Answers answers;
  for (int ms = 100; ms <= 800; ms += 100) answers.OnTaken(At(ms, 0, true));
  answers.Add(Result("a", false));
  EXPECT_EQ(Show(answers.OnStep(At(800, 320, true), false)), "[][][a]");
  EXPECT_EQ(Show(answers.OnStep(At(800, 640, true), false)), "[][][]");
  answers.Add(Result("b", true));
  EXPECT_EQ(Show(answers.OnStep(At(800, 800, false), true)), "[][b.]");
}

TEST(RivaAnswersTest, ALongMessageIsAnsweredAtItsEnd) {
  Answers answers;
  answers.Add(Result("a", false));
  EXPECT_EQ(Show(answers.OnStep(At(1000, 320, true), false)), "");
  answers.Add(Result("ab", false));
  answers.Add(Result("ab", true));
  answers.Add(Result("c", false));
  EXPECT_EQ(Show(answers.OnStep(At(1000, 640, true), false)), "");
  EXPECT_EQ(Show(answers.OnTaken(At(1000, 640, true))), "");
  answers.Add(Result("cd", false));
  EXPECT_EQ(Show(answers.OnStep(At(1000, 960, false), false)), "[ab.cd]");
}

TEST(RivaAnswersTest, WhatComesAfterAllAnswersIsOneMore) {
  Answers answers;
  EXPECT_EQ(Show(answers.OnTaken(At(100, 0, false))), "[]");
  answers.Add(Result("a", true));
  EXPECT_EQ(Show(answers.OnStep(At(100, 100, false), true)), "[a.]");
  EXPECT_EQ(Show(answers.OnStep(At(100, 100, false), true)), "");
}

TEST(RivaAnswersTest, WhatWaitsIsBounded) {
  Answers answers;
  for (int i = 0; i < 1000000; ++i) answers.OnTaken(At(100, 0, true));
  EXPECT_LT(answers.OnStep(At(100, 100, false), false).size(), 5000u);
  answers.Add(Result(std::string(100000, 'x'), true));
  EXPECT_EQ(answers.OnStep(At(200, 150, true), false).size(), 1u);
}

TEST(RivaAnswersTest, TheIdIsInEachResponse) {
  Answers answers;
  nvidia::riva::RequestId id;
  id.set_value("mine");
  answers.SetId(id);
  EXPECT_EQ(answers.OnTaken(At(100, 0, false)).at(0).id().value(), "mine");
  answers.Add(Result("a", true));
  const auto last = answers.OnStep(At(100, 100, false), true);
  EXPECT_EQ(last.at(0).id().value(), "mine");
}

}  // namespace
}  // namespace rill::server::riva
