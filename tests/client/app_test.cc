// `rill` as a script sees it: arguments, output, exit codes; against a service without a model.
#include "client/cli/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "client/cli/exit_code.h"
#include "client/status.h"
#include "tests/client/fake_server.h"
#include "tests/temporary_folder.h"

namespace rill::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class AppTest : public ::testing::Test {
 protected:
  AppTest() {
    unsetenv("RILL_SERVER");
    unsetenv("RILL_TOKEN");
  }

  int Run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    stop_ = false;
    Io io{.in = in_,
          .out = out_,
          .err = err_,
          .out_is_terminal = out_is_terminal_,
          .err_is_terminal = false,
          .columns = [] { return 80; },
          .stop = &stop_};
    return RunApp(arguments, io);
  }

  // With --server.
  int RunOnServer(std::vector<std::string> arguments) {
    arguments.push_back("--server=" + server_.address());
    return Run(std::move(arguments));
  }

  std::string WriteWav(const std::string& name, int ms) {
    const std::string path = folder_ / name;
    SF_INFO info{};
    info.samplerate = 16000;
    info.channels = 1;
    info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
    const std::vector<float> samples(ms * 16);
    sf_writef_float(file, samples.data(), samples.size());
    sf_close(file);
    return path;
  }

  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

  FakeServer server_;
  TemporaryFolder folder_;
  int in_ = -1;
  bool out_is_terminal_ = false;

 private:
  std::ostringstream out_, err_;
  std::atomic<bool> stop_ = false;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(AppTest, HelpTeachesByExample) {
  EXPECT_EQ(Run({"--help"}), kExitOk);
  EXPECT_THAT(out(), HasSubstr("Examples:"));
  for (const char* command : {"stream", "transcribe", "models", "health", "load"}) {
    EXPECT_EQ(Run({command, "--help"}), kExitOk);
    EXPECT_THAT(out(), HasSubstr("Example"));
    EXPECT_THAT(out(), HasSubstr("--server"));
    EXPECT_THAT(out(), HasSubstr("Exit codes: 0"));
    EXPECT_THAT(err(), IsEmpty());
  }
}

TEST_F(AppTest, WrongCommandLinesAreUsageErrors) {
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"listen"},
      {"stream"},
      {"stream", "a.wav", "--mic"},
      {"stream", "a.wav", "--chunk-ms", "100"},
      {"stream", "a.wav", "--rate", "100"},
      {"stream", "a.wav", "--encoding", "float32"},  // without --rate
      {"stream", "a.wav", "--rate", "16000", "--encoding", "mp3"},
      {"stream", "a.wav", "--server", "nowhere"},
      {"stream", "a.wav", "--unknown"},
      {"stream", "a.wav", "--alternatives", "3"},  // without --json
      {"stream", "-", "--control"},
      {"transcribe"},
      {"transcribe", "a.wav", "--format", "doc"},
      {"transcribe", "a.wav", "--jobs", "0"},
      {"transcribe", "a.wav", "--jobs", "many"},
      {"transcribe", "a.wav", "--alternatives", "3"},
      {"transcribe", "a.wav", "--alternatives", "3", "--format", "srt"},
      {"health", "--server", ""},
      {"--server", "nowhere", "health"},
      {"health", "--ca-file", "no-such-file"},
      {"health", "--token-file", "no-such-file"},
      {"load"},
      {"load", "--streams", "0", "a.wav"},
      {"load", "--seconds", "-1", "a.wav"},
  };
  for (const auto& line : lines) {
    EXPECT_EQ(Run(line), kExitUsage) << ::testing::PrintToString(line);
    EXPECT_THAT(err(), Not(IsEmpty()));
    EXPECT_THAT(out(), IsEmpty());
  }
}

TEST_F(AppTest, StreamWritesFinalsOnly) {
  EXPECT_EQ(RunOnServer({"stream", "--fast", WriteWav("a.wav", 250)}), kExitOk) << err();
  EXPECT_EQ(out(), "[00:00:00.000 --> 00:00:00.250] w0 w1\n");
  EXPECT_EQ(server_.configs()[0].audio().encoding(), v1::LINEAR16);
  EXPECT_EQ(server_.audio()[0].size(), 8000u);
}

TEST_F(AppTest, StreamWritesInterimLinesIfAsked) {
  EXPECT_EQ(RunOnServer({"stream", "--fast", "--interim", WriteWav("a.wav", 200)}), kExitOk);
  EXPECT_EQ(out(),
            "[00:00:00.000 --> 00:00:00.100] w0 ...\n"
            "[00:00:00.000 --> 00:00:00.200] w0 w1 ...\n"
            "[00:00:00.000 --> 00:00:00.200] w0 w1\n");
}

TEST_F(AppTest, StreamWritesOverTheLastLineOfATerminal) {
  out_is_terminal_ = true;
  EXPECT_EQ(RunOnServer({"stream", "--fast", WriteWav("a.wav", 200)}), kExitOk);
  EXPECT_EQ(out(), "w0\r\x1b[Kw0 w1\r\x1b[K[00:00:00.000 --> 00:00:00.200] w0 w1\n");
}

TEST_F(AppTest, StreamWritesJson) {
  EXPECT_EQ(RunOnServer({"stream", "--fast", "--json", "--chunk-ms=80", "-m", "big",
                         WriteWav("a.wav", 100)}),
            kExitOk);
  const auto json = nlohmann::json::parse(out());
  EXPECT_EQ(json["text"], "w0");
  EXPECT_EQ(json["words"][0]["end"], 0.1);
  EXPECT_EQ(server_.configs()[0].chunk_ms(), 80);
  EXPECT_EQ(server_.configs()[0].model(), "big");
}

TEST_F(AppTest, StreamWritesSpeechEventsIfAsked) {
  const std::string file = WriteWav("a.wav", 100);
  EXPECT_EQ(RunOnServer({"stream", "--fast", "--events", file}), kExitOk) << err();
  EXPECT_EQ(out(), "[00:00:00.010] speech starts\n[00:00:00.000 --> 00:00:00.100] w0\n");
  EXPECT_EQ(RunOnServer({"stream", "--fast", "--events", "--json", file}), kExitOk);
  EXPECT_THAT(out(), testing::StartsWith(R"({"event":"speech_start","time":0.01})"));
  out_is_terminal_ = true;
  EXPECT_EQ(RunOnServer({"stream", "--fast", "--events", file}), kExitOk);
  EXPECT_THAT(out(), testing::StartsWith("[00:00:00.010] speech starts\nw0\r"));
}

TEST_F(AppTest, ASingleUtteranceEndsBeforeItsAudio) {
  EXPECT_EQ(RunOnServer({"stream", "--single-utterance", WriteWav("a.wav", 60000)}), kExitOk)
      << err();
  EXPECT_EQ(out(), "[00:00:00.000 --> 00:00:00.200] w0 w1\n");
}

TEST_F(AppTest, StreamReadsRawStandardInput) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string audio(6400, 'x');
  ASSERT_EQ(write(ends[1], audio.data(), audio.size()), 6400);
  close(ends[1]);
  in_ = ends[0];
  EXPECT_EQ(RunOnServer({"stream", "-", "--rate", "16000"}), kExitOk) << err();
  close(ends[0]);
  EXPECT_EQ(out(), "[00:00:00.000 --> 00:00:00.200] w0 w1\n");
  EXPECT_EQ(server_.audio()[0], audio);
}

TEST_F(AppTest, LinesOfStandardInputSteerAStream) {
  const std::string file = WriteWav("a.wav", 1500);
  for (const bool resume : {false, true}) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const std::string lines = "hot-words anna=8, rill\nst\x1bp\nflush\nhot-words\n";
    ASSERT_EQ(write(ends[1], lines.data(), lines.size()), static_cast<ssize_t>(lines.size()));
    in_ = ends[0];  // it stays open: the stream ends without it
    std::vector<std::string> line = {"stream", "--control", "--json", file};
    if (resume) line.push_back("--resume");
    EXPECT_EQ(RunOnServer(line), kExitOk) << err();
    close(ends[0]);
    close(ends[1]);
    EXPECT_THAT(out(), HasSubstr("\n{\"flushed\":1}\n"));
    EXPECT_THAT(out(), HasSubstr("w13 w14"));
    EXPECT_THAT(err(), StartsWith("rill stream: --control: st p: is neither flush nor hot-words"));
    const std::vector<v1::HotWords> sent = server_.hot_words();
    ASSERT_EQ(sent.size(), resume ? 4u : 2u);
    EXPECT_EQ(sent[0].hot_words(0).boost(), 8);
    EXPECT_EQ(sent[0].hot_words(1).phrase(), "rill");
    EXPECT_EQ(sent[1].hot_words_size(), 0);
  }
}

TEST_F(AppTest, StreamReadsRawFiles) {
  std::ofstream(folder_ / "a.raw") << std::string(12800, 'x');
  EXPECT_EQ(RunOnServer({"stream", folder_ / "a.raw", "--fast", "--rate=32000",
                         "--encoding=float32", "--channels=2"}),
            kExitOk)
      << err();
  EXPECT_EQ(server_.configs()[0].audio().encoding(), v1::FLOAT32);
  EXPECT_EQ(server_.configs()[0].audio().channels(), 2);
  EXPECT_EQ(server_.audio()[0].size(), 12800u);
}

TEST_F(AppTest, StreamSaysWhatIsWrong) {
  EXPECT_EQ(RunOnServer({"stream", folder_ / "missing.wav"}), kExitFailed);
  EXPECT_THAT(err(), HasSubstr("missing.wav: no such file"));

  server_.set_error(FullStatus());
  EXPECT_EQ(RunOnServer({"stream", WriteWav("a.wav", 100), "-m", "broken"}), kExitBusy);
  EXPECT_THAT(err(), HasSubstr("all 8 streams are taken"));

  EXPECT_EQ(Run({"stream", WriteWav("a.wav", 100), "--server", DeadAddress()}), kExitUnreachable);
  EXPECT_THAT(err(),
              HasSubstr(absl::StrCat("cannot reach ", DeadAddress(), ": start a server with")));
}

TEST_F(AppTest, ServerComesFromTheEnvironment) {
  setenv("RILL_SERVER", server_.address().c_str(), 1);
  EXPECT_EQ(Run({"health"}), kExitOk) << err();
  EXPECT_EQ(Run({"health", "--server", DeadAddress()}), kExitUnreachable);
  unsetenv("RILL_SERVER");
}

TEST_F(AppTest, TheServerMayComeBeforeTheCommand) {
  const std::string server = "--server=" + server_.address();
  EXPECT_EQ(Run({server, "health"}), kExitOk) << err();
  EXPECT_EQ(Run({"-s", server_.address(), "models", "--json"}), kExitOk) << err();
  setenv("RILL_SERVER", DeadAddress().c_str(), 1);
  EXPECT_EQ(Run({server, "stream", WriteWav("a.wav", 100), "--fast"}), kExitOk) << err();
  unsetenv("RILL_SERVER");
}

TEST_F(AppTest, EveryCommandSendsTheToken) {
  const std::string wav = WriteWav("a.wav", 300), file = folder_ / "token";
  std::ofstream(file) << "from-a-file\n";
  const std::vector<std::vector<std::string>> commands = {{"models"},
                                                          {"stream", "--fast", wav},
                                                          {"transcribe", wav},
                                                          {"load", "--seconds=1", "--ramp=0", wav}};
  for (const auto& command : commands) {
    EXPECT_EQ(RunOnServer(command), kExitOk) << err();
    EXPECT_EQ(server_.authorization(), "");
    std::vector<std::string> line = command;
    line.push_back("--token=from-a-flag");
    EXPECT_EQ(RunOnServer(line), kExitOk) << err();
    EXPECT_EQ(server_.authorization(), "Bearer from-a-flag");
    line.push_back("--token-file=" + file);
    EXPECT_EQ(RunOnServer(line), kExitOk) << err();
    EXPECT_EQ(server_.authorization(), "Bearer from-a-file");
  }
  setenv("RILL_TOKEN", "from-the-environment", 1);
  EXPECT_EQ(RunOnServer({"models"}), kExitOk) << err();
  EXPECT_EQ(server_.authorization(), "Bearer from-the-environment");
}

TEST_F(AppTest, ATokenDoesNotGoOverTheNetworkInPlainText) {
  EXPECT_NE(Run({"models", "--server=10.255.255.1:1", "--token=secret"}), kExitOk);
  EXPECT_THAT(err(), HasSubstr("--insecure-token"));
  EXPECT_THAT(err(), Not(HasSubstr("secret")));
}

TEST_F(AppTest, FilesForTlsAreNamedIfTheyAreNone) {
  const std::string file = folder_ / "empty.pem";
  std::ofstream(file) << "nothing";
  EXPECT_NE(RunOnServer({"models", "--ca-file", file}), kExitOk);
  EXPECT_THAT(err(), HasSubstr("CA file " + file));
  EXPECT_NE(RunOnServer({"models", "--cert-file", file}), kExitOk);
  EXPECT_THAT(err(), HasSubstr("key file"));
  EXPECT_NE(RunOnServer({"models", "--tls"}), kExitOk);
  EXPECT_THAT(err(), HasSubstr("cannot trust " + server_.address()));
}

TEST_F(AppTest, TranscribeWritesInTheOrderOfTheCommandLine) {
  std::vector<std::string> line = {"transcribe", "--jobs", "4"};
  std::string expected;
  for (int i = 0; i < 12; ++i) {
    const int words = i % 2 == 0 ? 300 : 1;
    line.push_back(WriteWav(absl::StrCat("f", i, ".wav"), words * 100));
    absl::StrAppend(&expected, "==> ", line.back(), " <==\nw0");
    for (int n = 1; n < words; ++n) absl::StrAppend(&expected, " w", n);
    absl::StrAppend(&expected, "\n\n");
  }
  EXPECT_EQ(RunOnServer(line), kExitOk) << err();
  EXPECT_EQ(out(), expected);
}

TEST_F(AppTest, TranscribeWritesJsonLines) {
  const std::string a = WriteWav("a.wav", 200), b = WriteWav("b.wav", 100);
  EXPECT_EQ(RunOnServer({"transcribe", "-f", "json", a, b}), kExitOk) << err();
  std::istringstream lines(out());
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["file"], a);
  EXPECT_EQ(json["seconds"], 0.2);
  EXPECT_EQ(json["text"], "w0 w1");
  EXPECT_EQ(json["words"][1]["start"], 0.1);
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(nlohmann::json::parse(line)["file"], b);
}

TEST_F(AppTest, TranscribeWritesAlternativesIfAsked) {
  const std::string a = WriteWav("a.wav", 200);
  EXPECT_EQ(RunOnServer({"transcribe", "-f", "json", "--alternatives=2", a}), kExitOk) << err();
  const auto json = nlohmann::json::parse(out());
  EXPECT_EQ(json["finals"][0]["text"], "w0 w1");
  EXPECT_EQ(json["finals"][0]["alternatives"], nlohmann::json({"other 1", "other 2"}));
  EXPECT_EQ(RunOnServer({"transcribe", "-f", "json", a}), kExitOk) << err();
  EXPECT_FALSE(nlohmann::json::parse(out()).contains("finals"));
  EXPECT_EQ(RunOnServer({"transcribe", "--alternatives=2", a}), kExitUsage);
  EXPECT_THAT(err(), HasSubstr("--format json"));
}

TEST_F(AppTest, TranscribeWritesSubtitleFiles) {
  const std::string a = WriteWav("a.wav", 200), b = WriteWav("b.wav", 100);
  EXPECT_EQ(RunOnServer({"transcribe", "-f", "srt", a, b, "-o", folder_ / "new/out"}), kExitOk)
      << err();
  EXPECT_EQ(ReadFile(folder_ / "new/out/a.srt"), "1\n00:00:00,000 --> 00:00:01,000\nw0 w1\n\n");
  EXPECT_EQ(ReadFile(folder_ / "new/out/b.srt"), "1\n00:00:00,000 --> 00:00:01,000\nw0\n\n");
  EXPECT_THAT(out(), IsEmpty());
  EXPECT_EQ(RunOnServer({"transcribe", "-f", "vtt", a}), kExitOk);
  EXPECT_THAT(out(), StartsWith("WEBVTT\n\n"));
}

TEST_F(AppTest, TwoFilesNeverShareAnOutput) {
  const std::string a = WriteWav("a.wav", 100), same = WriteWav("a.flac", 100);
  EXPECT_EQ(RunOnServer({"transcribe", a, same, "-o", folder_ / "out"}), kExitUsage);
  EXPECT_THAT(err(), HasSubstr("both"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

TEST_F(AppTest, OneFailingFileDoesNotStopTheOthers) {
  std::ofstream(folder_ / "bad.wav") << "not audio";
  const std::string a = WriteWav("a.wav", 100), b = WriteWav("b.wav", 100);
  EXPECT_EQ(RunOnServer({"transcribe", "-j1", a, folder_ / "bad.wav", folder_ / "no.wav", b}),
            kExitFailed);
  EXPECT_EQ(out(), absl::StrCat("==> ", a, " <==\nw0\n\n==> ", b, " <==\nw0\n\n"));
  EXPECT_THAT(err(), HasSubstr("bad.wav: not an audio file"));
  EXPECT_THAT(err(), HasSubstr("no.wav: no such file"));
}

TEST_F(AppTest, ServersErrorNamesTheFile) {
  server_.set_error({grpc::StatusCode::INVALID_ARGUMENT, "chunk_ms: 7 is not offered"});
  EXPECT_EQ(RunOnServer({"transcribe", WriteWav("a.wav", 100), "-m", "broken"}), kExitFailed);
  EXPECT_THAT(err(), HasSubstr("a.wav: chunk_ms: 7 is not offered"));
}

TEST_F(AppTest, TranscribeWaitsForAPlace) {
  const std::string a = WriteWav("a.wav", 100);
  server_.set_full_for(3);
  EXPECT_EQ(RunOnServer({"transcribe", a}), kExitOk) << err();
  EXPECT_EQ(out(), "w0\n");
  server_.set_full_for(1);
  EXPECT_EQ(RunOnServer({"transcribe", a, "--wait", "0"}), kExitFailed);
  EXPECT_THAT(err(), HasSubstr("is full"));
}

// A server of several that goes away takes no file with it.
TEST_F(AppTest, TranscribeTriesALostFileAgain) {
  const std::string a = WriteWav("a.wav", 100), b = WriteWav("b.wav", 100);
  server_.set_lost_for(1);
  EXPECT_EQ(RunOnServer({"transcribe", "-j1", a, b}), kExitOk) << err();
  EXPECT_EQ(out(), absl::StrCat("==> ", a, " <==\nw0\n\n==> ", b, " <==\nw0\n\n"));
  server_.set_lost_for(2);
  EXPECT_EQ(RunOnServer({"transcribe", "-j1", a, b}), kExitUnreachable);
}

TEST_F(AppTest, AWrongConnectionIsAnErrorOfTheCommandLine) {
  const std::string a = WriteWav("a.wav", 100);
  const std::vector<std::vector<std::string>> commands = {
      {"models"}, {"health"}, {"stream", a}, {"transcribe", a}};
  for (std::vector<std::string> command : commands) {
    command.insert(command.end(), {"--key-file", a});
    EXPECT_EQ(RunOnServer(command), kExitUsage) << command[0];
    EXPECT_THAT(err(), HasSubstr("give both")) << command[0];
  }
}

TEST_F(AppTest, AnotherServerIsNotTheFile) {
  EXPECT_EQ(RunOnServer({"stream", "--fast", "--or-server", DeadAddress(), WriteWav("a.wav", 100)}),
            kExitOk)
      << err();
}

TEST_F(AppTest, UnreachableServerIsSaidOnce) {
  EXPECT_EQ(Run({"transcribe", WriteWav("a.wav", 100), WriteWav("b.wav", 100),
                 WriteWav("c.wav", 100), "-s", DeadAddress()}),
            kExitUnreachable);
  const std::string errors = err();
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
}

TEST_F(AppTest, UnwritableOutputFails) {
  std::ofstream(folder_ / "taken") << "a file";
  EXPECT_EQ(RunOnServer({"transcribe", WriteWav("a.wav", 100), "-o", folder_ / "taken"}),
            kExitFailed);
  EXPECT_THAT(err(), HasSubstr("taken"));
}

TEST_F(AppTest, ModelsAreListed) {
  EXPECT_EQ(RunOnServer({"models"}), kExitOk);
  EXPECT_THAT(out(), StartsWith("tiny  (default)\n"));
  EXPECT_THAT(out(), HasSubstr("5.0 M"));
  EXPECT_THAT(out(), HasSubstr("2.0 KiB"));
  EXPECT_EQ(RunOnServer({"models", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out())["chunk_ms"], nlohmann::json({40, 320}));
}

TEST_F(AppTest, HealthSaysWhetherItServes) {
  EXPECT_EQ(RunOnServer({"health"}), kExitOk);
  EXPECT_EQ(out(), "SERVING\n");
  EXPECT_EQ(RunOnServer({"health", "--service", "no.such.Service"}), kExitFailed);
  EXPECT_THAT(err(), HasSubstr("no.such.Service"));
}

TEST_F(AppTest, LoadReportsAsJson) {
  EXPECT_EQ(RunOnServer({"load", "--streams", "3", "--seconds", "1", "--ramp", "0.3", "--json",
                         WriteWav("a.wav", 300)}),
            kExitOk)
      << err();
  const auto json = nlohmann::json::parse(out());
  EXPECT_EQ(json["streams"], 3);
  EXPECT_EQ(json["completed"], 3);
  EXPECT_EQ(json["words"], 30);
  EXPECT_TRUE(json["errors"].empty());
  EXPECT_GT(json["latency_ms"]["response"]["count"], 0);
}

TEST_F(AppTest, LoadSaysWhatIsWrong) {
  const std::string a = WriteWav("a.wav", 100);
  EXPECT_EQ(Run({"load", "-n2", "--seconds=1", a, "-s", DeadAddress()}), kExitUnreachable);
  EXPECT_EQ(RunOnServer({"load", "--seconds=1", "--ramp=2", a}), kExitUsage);
  EXPECT_THAT(err(), HasSubstr("--ramp"));
  EXPECT_EQ(RunOnServer({"load", "--seconds=1", folder_ / "no.wav"}), kExitFailed);
  EXPECT_THAT(err(), HasSubstr("no.wav"));
}

TEST(ExitCodeTest, ScriptsCanRelyOnThem) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(absl::InternalError("")), 1);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), 1);
  EXPECT_EQ(kExitUsage, 2);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), 3);
  EXPECT_EQ(ExitCodeOf(absl::ResourceExhaustedError("message too large")), 1);
  EXPECT_EQ(ExitCodeOf(ToAbsl(FullStatus())), 4);
}

TEST(ExplainTest, ServerThatWasThereIsLostNotMissing) {
  EXPECT_EQ(Explain(absl::UnavailableError("Socket closed"), "here:1"),
            "lost here:1: Socket closed");
}

TEST(ExplainTest, ServersTextCannotSteerTheTerminal) {
  EXPECT_EQ(Explain(absl::InternalError("a\x1b[2Jb"), "here:1"), "a [2Jb");
}

}  // namespace
}  // namespace rill::client
