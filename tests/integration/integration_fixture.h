// The real server on a port of its own, the real client, real speech. For tests of the whole.
//
// The model is $RILL_TEST_MODEL, or the one that comes with rill, or, if there is none, a tiny one
// of random weights, whose babble is as good as words wherever a test only compares.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/rill_client.h"
#include "server/server.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {

struct Clip {
  std::string name;
  std::string audio;  // LINEAR16 mono
  int sample_rate = 0;
  std::string text;  // what is said
};

// The recordings of tests/data, in the order of its manifest.
std::vector<Clip> TestClips();

// `ms` of audio from the start of a clip.
std::string Head(const Clip& clip, int64_t ms);

v1::RecognitionConfig ConfigFor(const Clip& clip);

// What came back from a call, whichever it was.
struct Outcome {
  absl::Status status;
  std::vector<v1::Result> finals;
  std::vector<v1::Result> interims;
  std::vector<uint64_t> flushed;
  int64_t processed_ms = 0;

  std::string Text() const;        // of the finals, joined
  std::string Transcript() const;  // of the finals, with times and confidences, to the bit
};

// How many bytes go into the next message.
using Cutter = std::function<size_t()>;
Cutter Pieces(size_t bytes);

class IntegrationTest : public ::testing::Test {
 protected:
  void SetUp() override;  // starts a server with the default options
  void TearDown() override { Stop(); }

  static server::ServerOptions DefaultOptions();
  void Start(server::ServerOptions options);  // after stopping the one that runs
  void Stop();

  // The model's path; whether it knows words.
  const std::string& model_path() const { return model_path_; }
  bool model_is_trained() const { return model_is_trained_; }

  server::Server& server() { return *server_; }
  client::RillClient& client() { return *client_; }
  std::string address() const;
  std::unique_ptr<client::RillClient> NewClient() const;

  // Whole calls.
  Outcome Stream(const std::string& audio, const v1::RecognitionConfig& config,
                 const Cutter& cutter, bool interim_results = false);
  Outcome Transcribe(const std::string& audio, const v1::RecognitionConfig& config,
                     const Cutter& cutter);
  Outcome Recognize(const std::string& audio, const v1::RecognitionConfig& config);

  // No session is left; waits as long as a slow machine may need.
  bool EverythingFreed();

 private:
  TemporaryFolder folder_;
  std::string model_path_;
  bool model_is_trained_ = true;
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<client::RillClient> client_;
};

// Waits until `condition` holds, for a minute at most.
bool Eventually(const std::function<bool()>& condition);

}  // namespace rill
