// Sessions without gRPC: threads that feed, flush, cancel, drain and read slowly, all at the same
// time. Everything here is compiled by us, so ThreadSanitizer sees all of it: this is the test of
// the session's locks and lifetimes.
#include "server/session/session.h"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "server/log.h"
#include "tests/server/eventually.h"
#include "tests/server/fake_recognizer.h"

namespace rill::server {
namespace {

// What an RPC does, with a client that takes its time.
class FakeCall : public SessionSink {
 public:
  explicit FakeCall(size_t max_waiting = 1000) : max_waiting_(max_waiting) {}

  bool Open(const SessionHost& host, SessionOptions options = {}) {
    auto session = Session::Open(host, std::move(options), this);
    if (!session.ok()) return false;
    session_ = *std::move(session);
    session_->Start();
    return true;
  }
  ~FakeCall() override {
    if (!session_) return;
    session_->Abort(absl::CancelledError("gone"));
    session_->Detach();
  }

  // Pushes and waits until the session asks for more, or is closed.
  void Push(std::string bytes) {
    ForgetInputTaken();
    session_->Push(std::move(bytes));
    EXPECT_TRUE(Eventually([this] { return input_taken_ || closed_; }));
  }

  // Takes the answers that wait.
  void Read() {
    bool resume;
    {
      std::lock_guard lock(mutex_);
      waiting_ = 0;
      resume = std::exchange(full_, false);
    }
    session_->OnWritten(resume);
  }

  bool WaitClosed() {
    return Eventually([this] {
      Read();
      return closed_.load();
    });
  }

  Session& session() { return *session_; }
  absl::Status status() {
    std::lock_guard lock(mutex_);
    return status_;
  }
  std::vector<StreamEvent> events() {
    std::lock_guard lock(mutex_);
    return events_;
  }
  std::optional<Checkpoint> checkpoint() {
    std::lock_guard lock(mutex_);
    return checkpoint_;
  }
  // Finals; `covered`: only those before the last checkpoint.
  std::string Transcript(bool covered = false) {
    std::string transcript;
    std::vector<StreamEvent> events = this->events();
    if (covered) events.resize(events_at_checkpoint_);
    for (const StreamEvent& event : events) {
      if (event.kind == StreamEvent::Kind::kFinal) transcript += event.hypothesis.text + "\n";
    }
    return transcript;
  }

  void OnInputTaken(const SessionProgress&) override {
    EXPECT_FALSE(closed_);
    input_taken_ = true;
  }
  bool OnStep(std::vector<StreamEvent> events, const SessionProgress& progress) override {
    EXPECT_FALSE(closed_);
    EXPECT_LE(progress.processed_ms, progress.received_ms);
    std::lock_guard lock(mutex_);
    waiting_ += events.size();
    for (StreamEvent& event : events) events_.push_back(std::move(event));
    full_ = waiting_ >= max_waiting_;
    return !full_;
  }
  void OnCheckpoint(Checkpoint checkpoint) override {
    EXPECT_FALSE(closed_);
    std::lock_guard lock(mutex_);
    events_at_checkpoint_ = events_.size();
    checkpoint_ = std::move(checkpoint);
  }
  void OnClosed(const absl::Status& status) override {
    std::lock_guard lock(mutex_);
    EXPECT_FALSE(closed_) << "closed twice";
    status_ = status;
    closed_ = true;
  }
  void OnStuck() override { stuck_ = true; }

  void ForgetInputTaken() { input_taken_ = false; }
  bool input_taken() const { return input_taken_; }
  bool stuck() const { return stuck_; }
  bool closed() const { return closed_; }

 private:
  const size_t max_waiting_;
  std::shared_ptr<Session> session_;
  std::atomic<bool> input_taken_{true};
  std::atomic<bool> closed_{false};
  std::atomic<bool> stuck_{false};
  std::mutex mutex_;
  size_t waiting_ = 0;
  bool full_ = false;
  absl::Status status_;
  std::vector<StreamEvent> events_;
  std::optional<Checkpoint> checkpoint_;
  size_t events_at_checkpoint_ = 0;
};

class SessionTest : public testing::Test {
 protected:
  explicit SessionTest(std::chrono::milliseconds idle_timeout = std::chrono::milliseconds(0))
      : registry_(idle_timeout) {
    ConfigureLog(LogLevel::kError, LogFormat::kText);
    EngineOptions options;
    options.workers = 2;
    options.max_streams = 16;
    options.batch.deadline = std::chrono::milliseconds(1);
    engine_ = *Engine::Create(std::make_unique<FakeRecognizer>(control_), options);
  }
  ~SessionTest() override {
    control_->OpenGate();
    executor_.Stop();
    registry_.Stop();
    engine_.reset();
    EXPECT_EQ(control_->live_streams, 0);
    EXPECT_EQ(registry_.size(), 0);
  }

  SessionHost host() { return {engine_.get(), &registry_, &executor_, &seal_}; }

  static SessionOptions Options() {
    SessionOptions options;
    options.stream.max_queued_frames = 200;
    return options;
  }

  std::shared_ptr<FakeControl> control_ = std::make_shared<FakeControl>();
  SessionRegistry registry_;
  Executor executor_{2};
  const StateSeal seal_ = *StateSeal::Random();
  std::unique_ptr<Engine> engine_;
};

std::string Bytes(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() % 127);
  return bytes;
}

TEST_F(SessionTest, ResultsThenTheStatusThenNothing) {
  FakeCall call;
  ASSERT_TRUE(call.Open(host(), Options()));
  call.Push(Bytes(100000, 1));
  call.session().Finish();
  ASSERT_TRUE(call.WaitClosed());
  EXPECT_TRUE(call.status().ok());
  EXPECT_EQ(call.events().back().kind, StreamEvent::Kind::kEnd);
}

TEST_F(SessionTest, ALargeMessageWaitsForTheModelAndSoDoesTheNext) {
  control_->CloseGate();
  FakeCall call;
  ASSERT_TRUE(call.Open(host(), Options()));
  call.ForgetInputTaken();
  call.session().Push(Bytes(5000000, 1));  // much more than the queue may hold
  EXPECT_TRUE(Eventually([&] { return call.session().stream()->full(); }));
  EXPECT_LT(call.session().stream()->queued_frames(), 300);
  EXPECT_FALSE(call.input_taken());
  control_->OpenGate();
  EXPECT_TRUE(Eventually([&] { return call.input_taken(); }));
  call.Push(Bytes(320, 2));
  call.session().Finish();
  ASSERT_TRUE(call.WaitClosed());
  EXPECT_EQ(call.events().back().end, (5000000 + 320) / 2);
}

TEST_F(SessionTest, NothingMoreIsAskedForWhileTheQueueIsFull) {
  control_->CloseGate();
  FakeCall call;
  ASSERT_TRUE(call.Open(host(), Options()));
  call.Push(Bytes(31000, 1));
  call.Push(Bytes(31000, 1));
  call.session().Flush(1);
  EXPECT_TRUE(call.input_taken());
  call.ForgetInputTaken();
  call.session().Push(Bytes(31000, 1));  // small: taken on this thread
  EXPECT_TRUE(call.session().stream()->full());
  EXPECT_FALSE(call.input_taken());
  control_->OpenGate();
  EXPECT_TRUE(Eventually([&] { return call.input_taken(); }));
}

TEST_F(SessionTest, ClosingGivesFinalResults) {
  FakeCall call;
  ASSERT_TRUE(call.Open(host(), Options()));
  call.Push(Bytes(16000, 1));
  registry_.CloseAll(absl::UnavailableError("drained"));
  ASSERT_TRUE(call.WaitClosed());
  EXPECT_TRUE(absl::IsUnavailable(call.status()));
  EXPECT_EQ(call.events().back().end, 8000);
}

TEST_F(SessionTest, NoNewSessionsOnceDrained) {
  registry_.SetAccepting(absl::UnavailableError("drained"));
  FakeCall call;
  EXPECT_FALSE(call.Open(host()));
  EXPECT_TRUE(registry_.WaitUntilEmpty(std::chrono::seconds(0)));
}

TEST_F(SessionTest, AbortIsAtOnceAlsoDuringAStep) {
  control_->CloseGate();
  {
    FakeCall call;
    ASSERT_TRUE(call.Open(host(), Options()));
    call.session().Push(Bytes(1000000, 1));
    call.session().Abort(absl::CancelledError("gone"));
    EXPECT_TRUE(call.closed());
  }
  control_->OpenGate();
  EXPECT_TRUE(Eventually([this] { return engine_->open_streams() == 0; }));
}

TEST_F(SessionTest, TheModelWaitsForASlowReaderOnly) {
  FakeCall slow(/*max_waiting=*/5), other;
  ASSERT_TRUE(slow.Open(host(), Options()) && other.Open(host(), Options()));
  slow.ForgetInputTaken();
  slow.session().Push(Bytes(2000000, 1));
  other.Push(Bytes(200000, 2));
  other.session().Finish();
  EXPECT_TRUE(other.WaitClosed());
  EXPECT_LT(slow.events().size(), 40u);
  EXPECT_TRUE(Eventually([&] {
    slow.Read();
    return slow.input_taken();
  }));
  slow.session().Finish();
  ASSERT_TRUE(slow.WaitClosed());
  EXPECT_EQ(slow.events().back().end, 1000000);
}

// Every client does something else at every moment; those that do nothing wrong get what they get
// alone.
TEST_F(SessionTest, ManyOfAllKinds) {
  const auto run_good_client = [this](uint32_t seed) {
    std::mt19937 random(seed);
    FakeCall call(1 + random() % 20);
    EXPECT_TRUE(call.Open(host(), Options()));
    std::thread reader([&] { EXPECT_TRUE(call.WaitClosed()); });
    const std::string bytes = Bytes(300000, seed);
    for (size_t begin = 0; begin < bytes.size();) {
      const size_t size = 1 + random() % 60000;
      call.Push(bytes.substr(begin, size));
      begin += size;
    }
    call.session().Finish();
    reader.join();
    EXPECT_TRUE(call.status().ok()) << call.status();
    return call.Transcript();
  };
  constexpr int kGood = 6, kBad = 6;
  std::vector<std::string> alone(kGood), together(kGood);
  for (int i = 0; i < kGood; ++i) alone[i] = run_good_client(i);

  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < kGood; ++i) {
    threads.emplace_back([&, i] { together[i] = run_good_client(i); });
  }
  std::vector<std::thread> bad;
  for (int i = 0; i < kBad; ++i) {
    bad.emplace_back([&, i] {
      std::mt19937 random(100 + i);
      while (!done) {
        FakeCall call(1 + random() % 5);
        if (!call.Open(host(), Options())) continue;
        std::thread closer([&] {
          std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
          switch (i % 3) {
            case 0:
              return call.session().Abort(absl::CancelledError("gone"));
            case 1:
              return call.session().Close(absl::UnavailableError("drained"));
            default:
              return call.Read();
          }
        });
        for (int n = 0; n < 5 && !call.closed(); ++n) {
          call.session().Flush(n);
          call.session().Push(Bytes(1 + n * 20000, i));
        }
        call.session().Finish();
        closer.join();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  for (std::thread& thread : bad) thread.join();
  EXPECT_EQ(together, alone);
}

class IdleSessionTest : public SessionTest {
 protected:
  IdleSessionTest() : SessionTest(std::chrono::milliseconds(100)) {}
};

TEST_F(IdleSessionTest, ASilentClientGetsItsResults) {
  FakeCall call;
  ASSERT_TRUE(call.Open(host(), Options()));
  call.Push(Bytes(16000, 1));
  EXPECT_TRUE(Eventually([&] { return call.closed(); }));
  EXPECT_TRUE(absl::IsDeadlineExceeded(call.status())) << call.status();
  EXPECT_EQ(call.events().back().end, 8000);
}

// Time enough for the answers to pile up first, under ThreadSanitizer too.
class StuckSessionTest : public SessionTest {
 protected:
  StuckSessionTest() : SessionTest(std::chrono::seconds(1)) {}
};

TEST_F(StuckSessionTest, AClientThatDoesNotReadIsCutOff) {
  FakeCall call(/*max_waiting=*/2);
  ASSERT_TRUE(call.Open(host(), Options()));
  call.session().Push(Bytes(2000000, 1));
  EXPECT_TRUE(Eventually([&] { return call.closed(); }));
  EXPECT_TRUE(absl::IsResourceExhausted(call.status())) << call.status();
  EXPECT_TRUE(call.stuck());
}

// Sessions that go on where others have ended.
class MovingSessionTest : public SessionTest {
 protected:
  static SessionOptions Options(int64_t checkpoint_ms = 1000) {
    SessionOptions options = SessionTest::Options();
    options.checkpoint_ms = checkpoint_ms;
    return options;
  }

  // Pushes the messages, but not what the checkpoint covers of them.
  static void PushRest(FakeCall& call, const std::vector<std::string>& messages,
                       const Checkpoint& from) {
    for (size_t i = from.requests; i < messages.size() && !call.closed(); ++i) {
      const bool partial = i == static_cast<size_t>(from.requests);
      call.Push(messages[i].substr(partial ? from.request_bytes : 0));
      if (i % 3 == 0) call.Read();
    }
  }

  // The transcript of a session that goes on from the checkpoint; from an empty one: of all.
  std::string GoOn(const std::vector<std::string>& messages, const Checkpoint& from = {}) {
    SessionOptions options = Options();
    options.resume = from.state;
    FakeCall call;
    EXPECT_TRUE(call.Open(host(), options));
    PushRest(call, messages, from);
    call.session().Finish();
    EXPECT_TRUE(call.WaitClosed());
    EXPECT_TRUE(call.status().ok()) << call.status();
    return call.Transcript();
  }
};

TEST_F(MovingSessionTest, AtAnyTimeWithoutALossOrARepetition) {
  for (uint32_t seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> messages;
    for (int i = 0; i < 12; ++i) messages.push_back(Bytes(random() % 60000, seed + i));
    FakeCall before;
    ASSERT_TRUE(before.Open(host(), Options()));
    std::thread mover([&, pause = random() % 3000] {
      std::this_thread::sleep_for(std::chrono::microseconds(pause));
      before.session().Move(absl::UnavailableError("moved"));
    });
    PushRest(before, messages, {});
    mover.join();
    ASSERT_TRUE(before.WaitClosed()) << seed;
    EXPECT_EQ(before.status(), absl::UnavailableError("moved"));
    const std::optional<Checkpoint> checkpoint = before.checkpoint();
    ASSERT_TRUE(checkpoint && checkpoint->moving) << seed;
    EXPECT_EQ(before.Transcript(true), before.Transcript()) << "nothing comes after the last one";
    ASSERT_EQ(before.Transcript() + GoOn(messages, *checkpoint), GoOn(messages)) << seed;
  }
}

// Whichever comes first, the client gets all of its words from one server or from two.
TEST_F(MovingSessionTest, BesideTheClientsEnd) {
  const std::vector<std::string> messages = {Bytes(30000, 1), Bytes(20000, 2)};
  const std::string all = GoOn(messages);
  control_->save_microseconds = 200;  // as a real one takes: time for the end to come between
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    FakeCall before;
    ASSERT_TRUE(before.Open(host(), Options()));
    PushRest(before, messages, {});
    std::thread mover([&, pause = random() % 300] {
      std::this_thread::sleep_for(std::chrono::microseconds(pause));
      before.session().Move(absl::UnavailableError("moved"));
    });
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
    before.session().Finish();
    mover.join();
    ASSERT_TRUE(before.WaitClosed()) << seed;
    const std::optional<Checkpoint> checkpoint = before.checkpoint();
    if (before.status().ok()) {
      ASSERT_EQ(before.Transcript(), all) << seed;
      ASSERT_FALSE(checkpoint && checkpoint->moving) << seed;
    } else {
      ASSERT_TRUE(checkpoint && checkpoint->moving) << seed;
      ASSERT_EQ(before.Transcript() + GoOn(messages, *checkpoint), all) << seed;
    }
  }
}

TEST_F(MovingSessionTest, NotBeforeTheSinkMayBeCalled) {
  FakeCall call;
  auto opened = Session::Open(host(), Options(), &call);
  ASSERT_TRUE(opened.ok());
  (*opened)->Move(absl::UnavailableError("moved"));
  control_->CloseGate();
  control_->OpenGate();
  EXPECT_FALSE(call.checkpoint());
  (*opened)->Start();
  EXPECT_TRUE(Eventually([&] { return call.closed(); }));
  ASSERT_TRUE(call.checkpoint());
  EXPECT_TRUE(call.checkpoint()->moving);
  (*opened)->Detach();
}

TEST_F(MovingSessionTest, ADrainThatHasNoTimeLeavesItToTheLastCheckpoint) {
  FakeCall moving, other;
  ASSERT_TRUE(moving.Open(host(), Options()));
  ASSERT_TRUE(other.Open(host(), SessionTest::Options()));
  for (FakeCall* call : {&moving, &other}) call->Push(Bytes(20000, 1));
  host().registry->CloseAll(absl::UnavailableError("over"));
  ASSERT_TRUE(moving.WaitClosed());
  ASSERT_TRUE(other.WaitClosed());
  EXPECT_EQ(other.events().back().kind, StreamEvent::Kind::kEnd);
  for (const StreamEvent& event : moving.events()) EXPECT_NE(event.kind, StreamEvent::Kind::kEnd);
}

TEST_F(MovingSessionTest, NoSessionEscapesADrain) {
  host().registry->SetAccepting(absl::UnavailableError("draining"));
  FakeCall call;
  EXPECT_FALSE(call.Open(host(), Options()));
  EXPECT_EQ(host().registry->size(), 0);
  EXPECT_EQ(engine_->open_streams(), 0);
}

TEST_F(MovingSessionTest, InTheMiddleOfAMessage) {
  const std::vector<std::string> messages = {Bytes(9000, 1), Bytes(500000, 2)};
  FakeCall before;
  ASSERT_TRUE(before.Open(host(), Options()));
  before.Push(messages[0]);
  control_->CloseGate();
  before.session().Push(messages[1]);  // more than the queue may hold
  EXPECT_TRUE(Eventually([&] { return before.session().stream()->full(); }));
  before.session().Move(absl::UnavailableError("moved"));
  control_->OpenGate();
  ASSERT_TRUE(before.WaitClosed());
  const Checkpoint checkpoint = *before.checkpoint();
  EXPECT_EQ(checkpoint.requests, 1);
  EXPECT_GT(checkpoint.request_bytes, 0);
  EXPECT_EQ(before.Transcript() + GoOn(messages, checkpoint), GoOn(messages));
}

TEST_F(MovingSessionTest, FromTheLastCheckpointAfterAnyEnd) {
  const std::vector<std::string> messages(400, Bytes(16000, 1));
  FakeCall before;
  ASSERT_TRUE(before.Open(host(), Options(3000)));
  // A step that falls into a message's arrival leaves the checkpoint to the next one.
  for (size_t i = 0; i < messages.size() && !before.checkpoint(); ++i) {
    before.Push(messages[i]);
    before.Read();
  }
  ASSERT_TRUE(Eventually([&] { return before.checkpoint().has_value(); }));
  before.session().Abort(absl::CancelledError("killed"));
  const Checkpoint checkpoint = *before.checkpoint();
  EXPECT_FALSE(checkpoint.moving);
  EXPECT_EQ(before.Transcript(true) + GoOn(messages, checkpoint), GoOn(messages));
}

TEST_F(MovingSessionTest, AForgedStateIsRefusedAndCostsNoSlot) {
  SessionOptions options = Options();
  options.resume = seal_.Seal("no state");
  FakeCall call;
  EXPECT_FALSE(call.Open(host(), options));
  options.resume.back() ^= 1;
  EXPECT_FALSE(call.Open(host(), options));
  options.resume = "short";
  EXPECT_EQ(Session::Open(host(), options, &call).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(engine_->open_streams(), 0);
}

TEST_F(MovingSessionTest, NotWithoutCheckpoints) {
  FakeCall call;
  ASSERT_TRUE(call.Open(host(), SessionTest::Options()));
  call.session().Move(absl::UnavailableError("moved"));
  call.Push(Bytes(32000, 1));
  call.session().Finish();
  ASSERT_TRUE(call.WaitClosed());
  EXPECT_TRUE(call.status().ok());
  EXPECT_FALSE(call.checkpoint());
}

}  // namespace
}  // namespace rill::server
