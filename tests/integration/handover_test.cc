// Live streams that outlive their servers: processes that are drained and killed under them, and
// every transcript is that of an undisturbed stream.
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <barrier>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/integration/integration_fixture.h"
#include "tests/integration/server_process.h"

namespace rill {
namespace {

constexpr int kServers = 3;

class HandoverTest : public IntegrationTest {
 protected:
  void SetUp() override {
    IntegrationTest::SetUp();
    key_ = folder_ / "state.key";
    std::ofstream(key_) << std::string(32, 'k');
    for (auto& server : servers_) server = NewServer();
    for (const Clip& clip : TestClips()) {
      if (clip.sample_rate != 16000) continue;
      Clip longer = clip;
      while (longer.audio.size() < 16000 * 2 * 12) longer.audio += clip.audio;
      clips_.push_back(longer);
    }
    ASSERT_FALSE(clips_.empty());
  }

  std::unique_ptr<ServerProcess> NewServer(const std::string& key = "") {
    return std::make_unique<ServerProcess>(
        model_path(), std::vector<std::string>{"--state-key-file=" + (key.empty() ? key_ : key)});
  }

  // That begins at server `first`.
  std::unique_ptr<client::RillClient> ClientOf(int first) const {
    client::Connection connection;
    connection.server = servers_[first]->address();
    for (int i = 1; i < kServers; ++i) {
      connection.other_servers.push_back(servers_[(first + i) % kServers]->address());
    }
    auto client = client::RillClient::Create(connection);
    EXPECT_TRUE(client.ok()) << client.status();
    return *std::move(client);
  }

  // Different ones, for different streams.
  v1::StreamingConfig Config(int stream) const {
    v1::StreamingConfig config;
    *config.mutable_recognition() = ConfigFor(clip(stream));
    config.mutable_recognition()->set_word_times(true);
    config.mutable_recognition()->set_chunk_ms(stream % 2 == 0 ? 320 : 160);
    config.mutable_recognition()->mutable_endpoint()->set_max_utterance_ms(3000);
    config.set_interim_results(stream % 3 == 0);
    config.set_speech_events(stream % 4 == 0);
    return config;
  }
  const Clip& clip(int stream) const { return clips_[stream % clips_.size()]; }

  // Sends the part of the audio from `from` to `to`, of 1, with a flush in its middle.
  template <typename Stream>
  void Send(Stream& stream, const std::string& audio, double from, double to) {
    const auto byte = [&](double part) {
      return static_cast<size_t>(part * static_cast<double>(audio.size()));
    };
    const size_t middle = byte((from + to) / 2), end = byte(to);
    bool flushed = false;
    for (size_t at = byte(from); at < end; at += 3201) {
      ASSERT_TRUE(stream.Write(audio.substr(at, std::min<size_t>(3201, end - at))));
      if (at < middle || std::exchange(flushed, true)) continue;
      ASSERT_TRUE(stream.Flush(at));
    }
  }

  // All that lasts, in order. `flushes`: counts those that have been answered.
  template <typename Stream>
  std::string Read(Stream& stream, absl::Status* status, std::atomic<int>* flushes = nullptr) {
    std::string text;
    *status = stream.ReadAll([&](const v1::StreamingRecognizeResponse& response) {
      if (flushes != nullptr && response.has_flushed()) ++*flushes;
      if (response.has_result() && !response.result().is_final()) return;
      v1::StreamingRecognizeResponse lasting = response;
      if (lasting.has_started()) lasting.mutable_started()->clear_stream_id();
      lasting.clear_processed_ms();
      text += lasting.ShortDebugString() + "\n";
    });
    return text;
  }

  std::string Undisturbed(int stream) {
    auto session = client().StartStreaming(Config(stream));
    std::thread writer([&] {
      Send(*session, clip(stream).audio, 0, 0.4);
      Send(*session, clip(stream).audio, 0.4, 0.7);
      Send(*session, clip(stream).audio, 0.7, 1);
      session->Finish();
    });
    absl::Status status;
    std::string text = Read(*session, &status);
    writer.join();
    EXPECT_TRUE(status.ok()) << status;
    return text;
  }

  TemporaryFolder folder_;
  std::string key_;
  std::unique_ptr<ServerProcess> servers_[kServers];
  std::vector<Clip> clips_;
};

TEST_F(HandoverTest, OneServerDrainedAndOneKilledUnderFiftyStreams) {
  constexpr int kStreams = 50;
  std::vector<std::string> undisturbed, texts(kStreams);
  for (int i = 0; i < 12; ++i) undisturbed.push_back(Undisturbed(i));  // then settings repeat

  std::unique_ptr<client::RillClient> clients[kServers];
  for (int i = 0; i < kServers; ++i) clients[i] = ClientOf(i);
  std::vector<std::unique_ptr<client::ResumableStream>> streams;
  for (int i = 0; i < kStreams; ++i) {
    streams.push_back(clients[i % kServers]->StartResumable(Config(i), {.checkpoint_ms = 1000}));
  }
  // All streams are at the same place when a server goes.
  std::barrier together(kStreams + 1);
  std::vector<std::atomic<int>> flushes(kStreams);
  std::vector<std::thread> threads;
  for (int i = 0; i < kStreams; ++i) {
    threads.emplace_back([&, i] {
      Send(*streams[i], clip(i).audio, 0, 0.4);
      EXPECT_TRUE(Eventually([&] { return flushes[i] == 1; }));
      together.arrive_and_wait();
      together.arrive_and_wait();
      Send(*streams[i], clip(i).audio, 0.4, 0.7);
      EXPECT_TRUE(Eventually([&] { return flushes[i] == 2; }));
      together.arrive_and_wait();
      together.arrive_and_wait();
      Send(*streams[i], clip(i).audio, 0.7, 1);
      streams[i]->Finish();
    });
    threads.emplace_back([&, i] {
      absl::Status status;
      texts[i] = Read(*streams[i], &status, &flushes[i]);
      EXPECT_TRUE(status.ok()) << "stream " << i << ": " << status;
    });
  }
  together.arrive_and_wait();
  servers_[0]->process().Signal(SIGTERM);
  together.arrive_and_wait();
  together.arrive_and_wait();
  servers_[1]->process().Signal(SIGKILL);
  together.arrive_and_wait();
  for (std::thread& thread : threads) thread.join();

  int resumed = 0;
  for (int i = 0; i < kStreams; ++i) {
    EXPECT_EQ(texts[i], undisturbed[i % 12]) << "stream " << i;
    resumed += streams[i]->resumed();
  }
  EXPECT_GE(resumed, kStreams * 2 / 3) << "those of the drained server and of the killed one";
  EXPECT_EQ(servers_[0]->process().Wait(), 0) << "it has nothing to wait for";
}

TEST_F(HandoverTest, AStreamThatHasNoServerEndsWithTheReason) {
  auto client = ClientOf(0);
  auto stream = client->StartResumable(
      Config(0), {.checkpoint_ms = 1000, .max_outage = std::chrono::milliseconds(300)});
  v1::StreamingRecognizeResponse response;
  ASSERT_TRUE(stream->Next(&response) && response.has_started());
  for (auto& server : servers_) server->process().Signal(SIGKILL);
  while (stream->Next(&response)) {
  }
  EXPECT_EQ(stream->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(stream->Write("ab"));
}

TEST_F(HandoverTest, AServerWithAnotherKeyIsPassedOver) {
  const std::string other_key = folder_ / "other.key";
  std::ofstream(other_key) << std::string(32, 'x');
  servers_[1] = NewServer(other_key);
  const std::string undisturbed = Undisturbed(0);
  auto client = ClientOf(0);
  auto stream = client->StartResumable(Config(0), {.checkpoint_ms = 1000});
  std::atomic<int> flushes = 0;
  std::thread writer([&] {
    Send(*stream, clip(0).audio, 0, 0.4);
    EXPECT_TRUE(Eventually([&] { return flushes == 1; }));
    servers_[0]->process().Signal(SIGTERM);
    EXPECT_EQ(servers_[0]->process().Wait(), 0);
    Send(*stream, clip(0).audio, 0.4, 0.7);
    Send(*stream, clip(0).audio, 0.7, 1);
    stream->Finish();
  });
  absl::Status status;
  EXPECT_EQ(Read(*stream, &status, &flushes), undisturbed);
  writer.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(stream->resumed(), 2);
}

TEST_F(HandoverTest, TheProgramGoesOnAtAnotherServer) {
  const Clip& clip = clips_.front();
  const auto command = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {RILL_PROGRAM, "stream",
                                      "-",          "--rate=16000",
                                      "--interim",  "--server=" + servers_[0]->address()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const auto finals = [](const std::string& output) {
    std::string lines;
    for (const auto line : absl::StrSplit(output, '\n')) {
      if (!absl::EndsWith(line, " ...")) absl::StrAppend(&lines, line, "\n");
    }
    return lines;
  };
  Process undisturbed(command({}));
  undisturbed.Write(clip.audio);
  undisturbed.CloseInput();
  ASSERT_EQ(undisturbed.Wait(), 0) << undisturbed.error();

  Process stream(command({"--or-server=" + servers_[1]->address()}));
  stream.Write(Head(clip, 3000));
  ASSERT_TRUE(stream.WaitForOutput("...\n")) << stream.error();
  servers_[0]->process().Signal(SIGKILL);
  stream.Write(clip.audio.substr(Head(clip, 3000).size()));
  stream.CloseInput();
  EXPECT_EQ(stream.Wait(), 0) << stream.error();
  EXPECT_EQ(finals(stream.output()), finals(undisturbed.output()));
  EXPECT_THAT(stream.error(), ::testing::HasSubstr("went on, 1 time\n"));
}

TEST_F(HandoverTest, CancelEndsItAtAnyTime) {
  auto client = ClientOf(0);
  auto stream = client->StartResumable(Config(0), {.checkpoint_ms = 1000});
  v1::StreamingRecognizeResponse response;
  ASSERT_TRUE(stream->Next(&response) && response.has_started());
  std::thread canceller([&] { stream->Cancel(); });
  while (stream->Next(&response)) {
  }
  canceller.join();
  EXPECT_EQ(stream->status().code(), absl::StatusCode::kCancelled);
}

TEST_F(HandoverTest, NobodyThereIsSaidAtOnce) {
  client::Connection connection;
  connection.server = "127.0.0.1:1";
  connection.other_servers = {"127.0.0.1:2"};
  auto client = client::RillClient::Create(connection);
  ASSERT_TRUE(client.ok());
  auto stream = (*client)->StartResumable(Config(0));
  v1::StreamingRecognizeResponse response;
  EXPECT_FALSE(stream->Next(&response));
  EXPECT_EQ(stream->status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace rill
