#include "model/paper/run/training.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

#include "model/paper/run/snapshot.h"
#include "tests/temporary_folder.h"

namespace rill::paper {
namespace {

using at::Tensor;

// A line through points of another line.
struct Line {
  explicit Line(uint64_t seed) : parameters(seed), dense(parameters.AddDense("dense", 3, 2)) {}

  Tensor Loss(int64_t number) const {
    const Tensor x = at::sin(at::arange(12, at::kFloat) * (number + 1)).view({4, 3});
    return (dense(x) - x.narrow(1, 0, 2)).square().mean();
  }

  Parameters parameters;
  Dense dense;
};

TrainingPlan PlanFor(const Line& line, int64_t updates) {
  TrainingPlan plan;
  plan.name = "line";
  plan.updates = updates;
  plan.rate = 0.01;
  plan.log_every = 5;
  plan.loss = [&](int64_t number) -> absl::StatusOr<Tensor> { return line.Loss(number); };
  return plan;
}

absl::StatusOr<RunFolder> OpenRun(const std::string& folder) {
  return RunFolder::Open({.folder = folder}, "test", {{"size", 3}});
}

TEST(TrainingTest, ARunInPiecesIsTheSameRun) {
  const TemporaryFolder whole, pieces;
  Line one(1), two(1);
  {
    auto folder = OpenRun(whole.path());
    ASSERT_TRUE(folder.ok()) << folder.status();
    ASSERT_TRUE(Train(PlanFor(one, 40), one.parameters, *folder).ok());
  }
  for (const int64_t updates : {13, 20, 40}) {
    two = Line(updates == 13 ? 1 : updates);  // later pieces take their weights from the snapshot
    auto folder = OpenRun(pieces.path());
    ASSERT_TRUE(folder.ok()) << folder.status();
    ASSERT_TRUE(Train(PlanFor(two, updates), two.parameters, *folder).ok());
  }
  EXPECT_TRUE(one.dense.weight.equal(two.dense.weight));
  EXPECT_TRUE(one.dense.bias.equal(two.dense.bias));
}

TEST(TrainingTest, AFinishedRunIsNotRunAgain) {
  const TemporaryFolder place;
  for (int i = 0; i < 2; ++i) {
    Line line(1);
    auto folder = OpenRun(place.path());
    ASSERT_TRUE(folder.ok()) << folder.status();
    TrainingPlan plan = PlanFor(line, 10);
    int evaluations = 0;
    plan.evaluate = [&] { return ResultFile::Line{{"evaluations", ++evaluations}}; };
    ASSERT_TRUE(Train(plan, line.parameters, *folder).ok());
    EXPECT_EQ(evaluations, i == 0 ? 1 : 0);
    EXPECT_EQ(folder->results().lines().size(), 3u);  // updates 5 and 10, the evaluation
    EXPECT_LT(folder->results().Find({{"update", 10}})->value("loss", 9.0),
              folder->results().Find({{"update", 5}})->value("loss", 0.0));
  }
}

TEST(TrainingTest, LinesAfterTheSnapshotAreWrittenAgain) {
  const TemporaryFolder place;
  Line line(1);
  auto folder = OpenRun(place.path());
  ASSERT_TRUE(folder.ok()) << folder.status();
  ASSERT_TRUE(folder->results().Append({{"model", "line"}, {"update", 5}, {"loss", -1}}).ok());
  ASSERT_TRUE(folder->results().Append({{"model", "other"}, {"update", 5}, {"loss", -1}}).ok());
  ASSERT_TRUE(Train(PlanFor(line, 5), line.parameters, *folder).ok());
  EXPECT_EQ(folder->results().lines().size(), 2u);
  EXPECT_GT(folder->results().Find({{"model", "line"}})->value("loss", -1.0), 0);
}

TEST(TrainingTest, TheRateFalls) {
  const TemporaryFolder one, two;
  Line constant(1), falling(1);
  auto first = OpenRun(one.path()), second = OpenRun(two.path());
  TrainingPlan plan = PlanFor(constant, 10);
  ASSERT_TRUE(Train(plan, constant.parameters, *first).ok());
  plan = PlanFor(falling, 10);
  plan.drop_after = 9;
  plan.dropped_rate = 0;
  ASSERT_TRUE(Train(plan, falling.parameters, *second).ok());
  EXPECT_FALSE(constant.dense.weight.equal(falling.dense.weight));
}

TEST(TrainingTest, ALossThatIsNotFiniteStopsTheRun) {
  const TemporaryFolder place;
  Line line(1);
  auto folder = OpenRun(place.path());
  TrainingPlan plan = PlanFor(line, 5);
  plan.loss = [&](int64_t number) -> absl::StatusOr<Tensor> {
    return line.Loss(number) / (number < 2 ? 1 : 0);
  };
  const absl::Status status = Train(plan, line.parameters, *folder);
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_NE(status.message().find("update 2"), std::string::npos) << status;
}

TEST(SnapshotTest, DamageIsFound) {
  const TemporaryFolder place;
  const std::string path = place / "snapshot";
  Line line(1);
  RAdam optimizer(line.parameters, {});
  EXPECT_TRUE(absl::IsNotFound(ReadSnapshot(path, line.parameters, optimizer).status()));
  ASSERT_TRUE(WriteSnapshot(path, line.parameters, optimizer, {.updates = 3}).ok());
  EXPECT_EQ(ReadSnapshot(path, line.parameters, optimizer)->updates, 3);
  Parameters other(1);
  other.AddDense("dense", 3, 3);
  RAdam of_other(other, {});
  EXPECT_EQ(ReadSnapshot(path, other, of_other).status().code(), absl::StatusCode::kDataLoss);
  std::ofstream(path, std::ios::trunc) << "no snapshot";
  EXPECT_EQ(ReadSnapshot(path, line.parameters, optimizer).status().code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace rill::paper
