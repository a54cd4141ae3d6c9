// An hour of speech in one stream: as much memory at its end as at its beginning, and words all
// along.
#include <gmock/gmock.h>
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "model/encoder/state_arena.h"
#include "model/file/model_file.h"
#include "tests/integration/integration_fixture.h"

namespace rill {
namespace {

class HourTest : public IntegrationTest {
 protected:
  void SetUp() override {
#ifdef __GLIBC__
    // Which thread's arena a buffer comes from is chance, and each arena grows to its own
    // high-water mark.
    mallopt(M_ARENA_MAX, 1);
#endif
    IntegrationTest::SetUp();
  }
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // freed memory is kept aside: it grows by design
#else
constexpr bool kSanitized = false;
#endif

double ResidentMegabytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE) / 1e6;
}

TEST_F(HourTest, MemoryIsFlatAndWordsKeepComing) {
  constexpr int64_t kMinute = 60'000;  // ms
  constexpr int64_t kWarmUp = 10 * kMinute, kEnd = 60 * kMinute, kAhead = 2000;
  const auto model = ModelFile::Open(model_path());
  ASSERT_TRUE(model.ok()) << model.status();
  const int64_t state_bytes = StateLayout((*model)->config()).total * sizeof(float);
  EXPECT_EQ(client().ListModels()->front().state_bytes_per_stream(), state_bytes);

  std::string loop;
  for (const Clip& clip : TestClips()) {
    ASSERT_EQ(clip.sample_rate, 16000);
    loop += clip.audio + std::string(16000 * 2 * 3 / 2, '\0');  // 1.5 s: utterances end
  }
  v1::StreamingConfig config;
  *config.mutable_recognition() = ConfigFor(TestClips().front());
  config.set_interim_results(true);
  config.set_progress(true);
  auto session = client().StartStreaming(config);
  std::atomic<int64_t> processed_ms = 0;
  std::thread writer([&] {
    const int64_t total = kEnd * 32;
    for (int64_t sent = 0; sent < total;) {
      // As fast as it goes, but as live speech never ahead of the model by much: what waits in
      // queues is neither the stream's memory nor always the same.
      for (int64_t done = processed_ms; sent / 32 > done + kAhead; done = processed_ms) {
        if (done < 0) return;
        processed_ms.wait(done);
      }
      const size_t begin = sent % loop.size();
      const size_t bytes =
          std::min<int64_t>(std::min<size_t>(3200, loop.size() - begin), total - sent);
      if (!session->Write(loop.substr(begin, bytes))) return;
      sent += bytes;
    }
    session->Finish();
  });

  std::vector<double> resident;  // every minute after the warm-up
  int words_of_minute[60] = {};
  int64_t next_minute = kWarmUp, last_ms = 0;
  const absl::Status status = session->ReadAll([&](const v1::StreamingRecognizeResponse& response) {
    last_ms = response.processed_ms();
    processed_ms = last_ms;
    processed_ms.notify_one();
    if (response.has_result() && response.result().is_final()) {
      const int64_t minute = std::min<int64_t>(response.result().end_ms() / kMinute, 59);
      words_of_minute[minute] += response.result().words_size();
    }
    for (; last_ms >= next_minute && next_minute <= kEnd; next_minute += kMinute) {
      resident.push_back(ResidentMegabytes());
    }
  });
  processed_ms = -1;  // the call is over
  processed_ms.notify_one();
  writer.join();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_GE(last_ms, kEnd - 100);
  for (int minute = 0; minute < 60; ++minute) {
    EXPECT_GT(words_of_minute[minute], 0) << "minute " << minute;
  }
  EXPECT_EQ(client().ListModels()->front().state_bytes_per_stream(), state_bytes);
  ASSERT_GE(resident.size(), 50u);
  const double highest = *std::max_element(resident.begin(), resident.end());
  RecordProperty("resident_mb_after_warm_up", std::to_string(resident.front()));
  RecordProperty("resident_mb_highest", std::to_string(highest));
  if (!kSanitized) {
    EXPECT_LE(highest, resident.front() * 1.01) << ::testing::PrintToString(resident);
  }
}

}  // namespace
}  // namespace rill
