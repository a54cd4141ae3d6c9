// A real server under clients of every kind, good and bad, for a while: it keeps its memory, gives
// all places back, and no good stream gets a wrong word. The short form is a test like any other
// (label long); scripts/soak.sh runs the full one by RILL_SOAK_STREAMS and prints what it measured.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/match.h"
#include "server/default_model.h"
#include "tests/integration/process.h"
#include "tests/soak/soak_clients.h"

namespace rill {
namespace {

constexpr int kMaxStreams = 96;
constexpr int kShortAtATime = 16;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // freed memory is kept aside: it grows by design
#else
constexpr bool kSanitized = false;
#endif

int FromEnvironment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

// rill-server with a log that is a file: a pipe that nobody reads would be full one day.
class SoakServer {
 public:
  explicit SoakServer(const std::string& model)
      : process_({"/bin/sh", "-c",
                  "echo $$; exec " RILL_SERVER_PROGRAM " --model " + model +
                      " --listen=127.0.0.1:0 --log-format=json --idle-timeout=4 --max-streams=" +
                      std::to_string(kMaxStreams) + " 2> " + log_path()}) {
    EXPECT_TRUE(process_.WaitForOutput("\n"));
    pid_ = std::atoi(process_.output().c_str());
    EXPECT_TRUE(Eventually([this] {
      for (const nlohmann::json& line : Log()) {
        if (line.contains("port")) port_ = line["port"];
      }
      return port_ != 0;
    }));
  }

  // Lines that are whole.
  std::vector<nlohmann::json> Log() const {
    std::ifstream file(log_path());
    std::vector<nlohmann::json> lines;
    for (std::string line; std::getline(file, line) && !file.eof();) {
      lines.push_back(nlohmann::json::parse(line, nullptr, false));
    }
    return lines;
  }
  double ResidentMegabytes() const {
    std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
    double size = 0, resident = 0;
    statm >> size >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
  }
  int port() const { return port_; }
  Process& process() { return process_; }

 private:
  std::string log_path() const { return folder_ / "log"; }

  TemporaryFolder folder_;
  Process process_;
  int pid_ = 0;
  int port_ = 0;
};

// The shipped model, or else one that babbles.
std::string Model(const TemporaryFolder& folder) {
  const auto shipped = server::FindDefaultModel(server::ModelFolders());
  if (shipped.ok()) return *shipped;
  const std::string path = folder / "tiny.safetensors";
  EXPECT_TRUE(WriteTestModel(path).ok());
  return path;
}

TEST(SoakTest, KeepsItsMemoryItsPlacesAndItsWords) {
  const int short_streams = FromEnvironment("RILL_SOAK_STREAMS", 96);
  const bool full = short_streams >= 1000;
  const int long_streams = full ? short_streams / 100 : 3;
  const TemporaryFolder folder;
  SoakServer server(Model(folder));
  ASSERT_NE(server.port(), 0);
  const SoakClients clients("127.0.0.1", server.port(), full ? 240 : 20, full ? 4 : 10);
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };

  std::mutex mutex;
  std::map<std::string, int> outcomes;
  const auto count = [&](const std::string& outcome) {
    const std::lock_guard lock(mutex);
    ++outcomes[outcome];
  };
  std::vector<double> resident;  // at each quarter of the short streams
  std::atomic<int> next = 0, done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < long_streams; ++i) {
    threads.emplace_back([&, i] { count(clients.RunLong(i)); });
  }
  for (int i = 0; i < kShortAtATime; ++i) {
    threads.emplace_back([&] {
      for (int number; (number = next++) < short_streams;) {
        count(clients.RunShort(number));
        const int now = ++done;
        if (now * 4 % short_streams < 4) {
          const std::lock_guard lock(mutex);
          resident.push_back(server.ResidentMegabytes());
          std::printf("%d clients, %.0f s: %.1f MB resident\n", now, seconds(), resident.back());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  for (const auto& [outcome, times] : outcomes) {
    std::printf("%6d  %s\n", times, outcome.c_str());
    if (absl::StartsWith(outcome, "good") || absl::StartsWith(outcome, "long")) {
      EXPECT_TRUE(absl::EndsWith(outcome, ": OK")) << times << " times " << outcome;
    }
    EXPECT_FALSE(absl::StrContains(outcome, "INTERNAL")) << outcome;
    EXPECT_FALSE(absl::StrContains(outcome, "UNAVAILABLE")) << outcome;
    EXPECT_FALSE(absl::StrContains(outcome, "RESOURCE_EXHAUSTED")) << outcome;
    EXPECT_FALSE(absl::StrContains(outcome, "not connected")) << outcome;
  }
  EXPECT_EQ(outcomes["long: OK"], long_streams);
  EXPECT_GE(outcomes["good: OK"], short_streams / 2);
  // Those that went away may still be on their way out.
  EXPECT_TRUE(Eventually([&] { return clients.AllServed(kMaxStreams); }));
  std::printf("%d + %d clients, %.0f s: %.1f MB resident at the end\n", short_streams, long_streams,
              seconds(), server.ResidentMegabytes());
  if (full && !kSanitized) {
    ASSERT_GE(resident.size(), 4u);
    EXPECT_LE(resident.back(), resident.front() * 1.05);
  }
  server.process().Signal(SIGTERM);
  EXPECT_EQ(server.process().Wait(), 0);
  for (const nlohmann::json& line : server.Log()) {
    EXPECT_NE(line.value("level", ""), "error") << line;
  }
}

}  // namespace
}  // namespace rill
