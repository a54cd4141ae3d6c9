// Which operations are kept, on a core without a server.
#include <gmock/gmock.h>

#include "server/services/google/operation_store.h"
#include "tests/server/google_fixture.h"

namespace rill::server::google_speech {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class GoogleOperationStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    ConfigureLog(LogLevel::kError, LogFormat::kText);
    std::vector<ServedModel> models(1);
    models[0].info.name = "fake";
    EngineOptions options;
    options.workers = 1;
    models[0].engine = *Engine::Create(std::make_unique<FakeRecognizer>(control_), options);
    core_ = std::make_unique<SpeechCore>(std::move(models), SpeechLimits(), &access_, &seal_,
                                         &registry_, &executor_);
  }

  std::shared_ptr<Operation> Begin(const std::string& audio = "") {
    speech::LongRunningRecognizeRequest request;
    *request.mutable_config() = SpeechConfig();
    request.mutable_audio()->set_content(audio);
    grpc::CallbackServerContext context;
    return *Operation::Begin(core_.get(), context, Caller(), request);
  }
  std::shared_ptr<Operation> Done(const std::string& audio = "") {
    auto operation = Begin(audio);
    EXPECT_TRUE(Eventually([&] { return operation->done_since().has_value(); }));
    return operation;
  }

  std::shared_ptr<FakeControl> control_ = std::make_shared<FakeControl>();
  Access access_;
  const StateSeal seal_ = *StateSeal::Random();
  SessionRegistry registry_{SessionRegistry::Duration::zero()};
  Executor executor_{1};
  std::unique_ptr<SpeechCore> core_;
};

TEST_F(GoogleOperationStoreTest, KeepsSoManyOfEachCaller) {
  OperationStore store({.operations = 2});
  const auto a = Done(), b = Done(), c = Done();
  store.Add("alice", a);
  store.Add("alice", b);
  store.Add("bob", Done());
  EXPECT_THAT(store.List("alice"), ElementsAre(a, b));
  store.Add("alice", c);
  EXPECT_THAT(store.List("alice"), ElementsAre(b, c));
  EXPECT_EQ(store.List("bob").size(), 1u);
  EXPECT_EQ(store.Find("alice", c->name()), c);
  EXPECT_EQ(store.Find("alice", a->name()), nullptr);
  EXPECT_EQ(store.Find("bob", c->name()), nullptr);
  store.Remove(*b);
  EXPECT_THAT(store.List("alice"), ElementsAre(c));
}

TEST_F(GoogleOperationStoreTest, KeepsWhatRuns) {
  OperationStore store({.operations = 1, .kept = std::chrono::seconds(0)});
  control_->CloseGate();
  const auto a = Begin(), b = Begin();
  store.Add("alice", a);
  store.Add("alice", b);
  EXPECT_THAT(store.List("alice"), ElementsAre(a, b));
  control_->OpenGate();
  EXPECT_TRUE(Eventually([&] { return store.List("alice").empty(); }));
}

TEST_F(GoogleOperationStoreTest, KeepsSoManyBytes) {
  const auto a = Done(NoiseAudio(1000)), b = Done(NoiseAudio(1000));
  OperationStore store({.bytes = a->bytes() + b->bytes()});
  store.Add("alice", a);
  store.Add("alice", b);
  EXPECT_THAT(store.List("alice"), ElementsAre(a, b));
  const auto c = Done(NoiseAudio(1000));
  store.Add("alice", c);
  EXPECT_THAT(store.List("alice"), ElementsAre(b, c));
  // The newest in any case.
  OperationStore small({.bytes = 1});
  small.Add("alice", a);
  EXPECT_THAT(small.List("alice"), ElementsAre(a));
}

TEST_F(GoogleOperationStoreTest, KeepsThemSoLong) {
  OperationStore store({.kept = std::chrono::milliseconds(1)});
  store.Add("alice", Done());
  EXPECT_TRUE(Eventually([&] { return store.List("alice").empty(); }));
  OperationStore patient;
  patient.Add("alice", Done());
  EXPECT_EQ(patient.List("alice").size(), 1u);
}

TEST_F(GoogleOperationStoreTest, NamesCannotBeGuessed) {
  const auto a = Begin(), b = Begin();
  EXPECT_GE(a->name().size(), 32u);
  EXPECT_NE(a->name(), b->name());
}

}  // namespace
}  // namespace rill::server::google_speech
