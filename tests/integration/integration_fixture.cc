#include "tests/integration/integration_fixture.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/audio/audio_file.h"
#include "server/default_model.h"

namespace rill {
namespace {

void Add(const v1::Result& result, Outcome* outcome) {
  (result.is_final() ? outcome->finals : outcome->interims).push_back(result);
}

}  // namespace

std::vector<Clip> TestClips() {
  const std::string folder = RILL_SOURCE_DIR "/tests/data/";
  std::ifstream manifest(folder + "manifest.tsv");
  std::vector<Clip> clips;
  std::string line;
  std::getline(manifest, line);  // header
  while (std::getline(manifest, line)) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    Clip clip{.name = fields.at(0), .audio = {}, .sample_rate = 0, .text = fields.at(3)};
    auto file = client::AudioFile::Open(folder + clip.name);
    EXPECT_TRUE(file.ok()) << file.status();
    if (!file.ok()) continue;
    clip.sample_rate = (*file)->format().sample_rate_hertz();
    for (std::string bytes; !(bytes = (*file)->Read(std::chrono::seconds(1))->bytes).empty();) {
      clip.audio += bytes;
    }
    clips.push_back(std::move(clip));
  }
  EXPECT_FALSE(clips.empty()) << "no recordings in " << folder;
  return clips;
}

std::string Head(const Clip& clip, int64_t ms) {
  return clip.audio.substr(0, ms * clip.sample_rate / 1000 * 2);
}

v1::RecognitionConfig ConfigFor(const Clip& clip) {
  v1::RecognitionConfig config;
  config.mutable_audio()->set_encoding(v1::LINEAR16);
  config.mutable_audio()->set_sample_rate_hertz(clip.sample_rate);
  config.set_word_times(true);
  return config;
}

std::string Outcome::Text() const {
  std::string text;
  for (const v1::Result& result : finals) {
    absl::StrAppend(&text, text.empty() || result.text().empty() ? "" : " ", result.text());
  }
  return text;
}

std::string Outcome::Transcript() const {
  std::string transcript;
  for (const v1::Result& result : finals) {
    absl::StrAppend(&transcript, result.ShortDebugString(), "\n");
  }
  return transcript;
}

Cutter Pieces(size_t bytes) {
  return [bytes] { return bytes; };
}

void IntegrationTest::SetUp() { Start(DefaultOptions()); }

void IntegrationTest::Stop() {
  client_.reset();
  server_.reset();
}

server::ServerOptions IntegrationTest::DefaultOptions() {
  server::ServerOptions options;
  options.listen = {"127.0.0.1:0"};
  options.workers = 2;
  options.max_streams = 64;
  return options;
}

void IntegrationTest::Start(server::ServerOptions options) {
  Stop();
  if (model_path_.empty()) {
    const auto shipped = server::FindDefaultModel(server::ModelFolders());
    if (const char* path = std::getenv("RILL_TEST_MODEL"); path != nullptr) {
      model_path_ = path;
    } else if (shipped.ok()) {
      model_path_ = *shipped;
    } else {
      model_path_ = folder_ / "tiny.safetensors";
      model_is_trained_ = false;
      ASSERT_TRUE(WriteTestModel(model_path_).ok());
    }
  }
  options.models = {model_path_};
  server::ConfigureLog(server::LogLevel::kError, server::LogFormat::kText);
  auto models = server::LoadModels(options);
  ASSERT_TRUE(models.ok()) << models.status();
  auto server = server::Server::Start(options, *std::move(models));
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  server_->BeginServing();
  client_ = NewClient();
}

std::string IntegrationTest::address() const { return absl::StrCat("127.0.0.1:", server_->port()); }

std::unique_ptr<client::RillClient> IntegrationTest::NewClient() const {
  return *client::RillClient::Create(address());
}

Outcome IntegrationTest::Stream(const std::string& audio, const v1::RecognitionConfig& config,
                                const Cutter& cutter, bool interim_results) {
  v1::StreamingConfig streaming;
  *streaming.mutable_recognition() = config;
  streaming.set_interim_results(interim_results);
  streaming.set_progress(true);  // or silence would have no answer, and nobody knew how far it got
  auto session = client_->StartStreaming(streaming);
  std::thread writer([&] {
    bool open = true;
    for (size_t begin = 0; open && begin < audio.size();) {
      const size_t bytes = cutter();
      open = session->Write(audio.substr(begin, bytes));
      begin += bytes;
    }
    session->Finish();
  });
  Outcome outcome;
  outcome.status = session->ReadAll([&](const v1::StreamingRecognizeResponse& response) {
    outcome.processed_ms = response.processed_ms();
    if (response.has_result()) Add(response.result(), &outcome);
    if (response.response_case() == v1::StreamingRecognizeResponse::kFlushed) {
      outcome.flushed.push_back(response.flushed());
    }
  });
  writer.join();
  return outcome;
}

Outcome IntegrationTest::Transcribe(const std::string& audio, const v1::RecognitionConfig& config,
                                    const Cutter& cutter) {
  size_t begin = 0;
  auto transcript = client_->Transcribe(config, [&]() -> absl::StatusOr<std::string> {
    if (begin >= audio.size()) return std::string();
    const size_t bytes = cutter();
    begin += bytes;
    return audio.substr(begin - bytes, bytes);
  });
  Outcome outcome;
  outcome.status = transcript.status();
  if (!transcript.ok()) return outcome;
  for (const v1::Result& result : transcript->results) Add(result, &outcome);
  outcome.processed_ms = transcript->audio_ms;
  return outcome;
}

Outcome IntegrationTest::Recognize(const std::string& audio, const v1::RecognitionConfig& config) {
  v1::RecognizeRequest request;
  *request.mutable_config() = config;
  request.set_audio(audio);
  auto response = client_->Recognize(request);
  Outcome outcome;
  outcome.status = response.status();
  if (!response.ok()) return outcome;
  for (const v1::Result& result : response->results()) Add(result, &outcome);
  outcome.processed_ms = response->audio_ms();
  return outcome;
}

bool IntegrationTest::EverythingFreed() {
  return Eventually([this] { return server_->open_sessions() == 0; });
}

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace rill
