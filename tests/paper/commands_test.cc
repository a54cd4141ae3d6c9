// Each command in its seconds-long form: it ends, its results are whole, and the same command again
// has nothing left to do.
#include <gtest/gtest.h>
#include <zlib.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/paper/copy/copy_command.h"
#include "model/paper/generate/generate_command.h"
#include "model/paper/scaling/scaling_command.h"
#include "model/paper/speech/speech_command.h"
#include "tests/temporary_folder.h"

namespace rill::paper {
namespace {

using Json = nlohmann::json;

class CommandsTest : public ::testing::Test {
 protected:
  template <typename Command>
  absl::Status Run(std::vector<std::string> args) {
    CLI::App program;
    Command command(program);
    args.insert(args.begin() + 1, {"--run", folder_.path()});
    std::reverse(args.begin(), args.end());
    program.parse(args);
    return command.Run();
  }

  std::string Text(const std::string& name) {
    std::ifstream in(folder_ / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::vector<Json> Lines(const std::string& name) {
    std::ifstream in(folder_ / name);
    std::vector<Json> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
    return lines;
  }

  int64_t Count(const std::string& name, const std::string& field) {
    int64_t count = 0;
    for (const Json& line : Lines(name)) count += line.contains(field);
    return count;
  }

  TemporaryFolder folder_;
};

TEST_F(CommandsTest, Scaling) {
  ASSERT_TRUE(Run<ScalingCommand>({"scaling", "--smoke"}).ok());
  EXPECT_EQ(Count("scaling.jsonl", "cpu_seconds"), 6 * 3);
  EXPECT_EQ(Count("scaling.jsonl", "exponent"), 6);
  const std::string before = Text("scaling.jsonl");
  ASSERT_TRUE(Run<ScalingCommand>({"scaling", "--smoke"}).ok());
  EXPECT_EQ(Text("scaling.jsonl"), before);
  EXPECT_EQ(Run<ScalingCommand>({"scaling", "--smoke", "--threads", "2"}).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(CommandsTest, ScalingSaysWhatDoesNotFit) {
  ASSERT_TRUE(Run<ScalingCommand>({"scaling", "--attention", "softmax", "--shortest", "9",
                                   "--longest", "11", "--tokens", "512", "--heads", "8",
                                   "--head-width", "4", "--memory", "0.1"})
                  .ok());
  const std::vector<Json> lines = Lines("scaling.jsonl");
  ASSERT_GE(lines.size(), 4u);
  EXPECT_EQ(lines[1]["outcome"], "measured");
  EXPECT_EQ(lines[2]["outcome"], "no memory");
  EXPECT_EQ(lines[3]["outcome"], "no memory");
  ASSERT_TRUE(Run<ScalingCommand>({"scaling", "--attention", "softmax", "--shortest", "9",
                                   "--longest", "10", "--tokens", "512", "--heads", "8",
                                   "--head-width", "4", "--memory", "1"})
                  .ok());
  EXPECT_EQ(Count("scaling.jsonl", "cpu_seconds"), 2) << "with more memory it is tried again";
}

TEST_F(CommandsTest, Copy) {
  ASSERT_TRUE(Run<CopyCommand>({"copy", "--smoke"}).ok());
  EXPECT_EQ(Count("copy.jsonl", "accuracy"), 5);
  EXPECT_EQ(Count("copy.jsonl", "recurrent_accuracy"), 1);  // linear
  const std::string before = Text("copy.jsonl");
  ASSERT_TRUE(Run<CopyCommand>({"copy", "--smoke"}).ok());
  EXPECT_EQ(Text("copy.jsonl"), before);
}

TEST_F(CommandsTest, GenerateSpeed) {
  const std::vector<std::string> args = {"generate", "--smoke", "--part", "speed"};
  ASSERT_TRUE(Run<GenerateCommand>(args).ok());
  EXPECT_EQ(Count("generate.jsonl", "images_per_cpu_second"), 5 * 2);
  const std::string before = Text("generate.jsonl");
  ASSERT_TRUE(Run<GenerateCommand>(args).ok());
  EXPECT_EQ(Text("generate.jsonl"), before);
  EXPECT_FALSE(Run<GenerateCommand>({"generate", "--part", "speed", "--size", "huge"}).ok());
}

// Ten images of 28 x 28 as Fashion-MNIST has them.
void WriteImages(const std::string& path) {
  std::string bytes("\0\0\x08\x03\0\0\0\x0A\0\0\0\x1C\0\0\0\x1C", 16);
  for (int i = 0; i < 10 * 28 * 28; ++i) bytes += static_cast<char>(i * i);
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

TEST_F(CommandsTest, GenerateAfterTraining) {
  const TemporaryFolder images;
  const std::vector<std::string> args = {"generate", "--smoke", "--part",   "train",
                                         "--shrink", "4",       "--images", images.path()};
  const absl::Status missing = Run<GenerateCommand>(args);
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(missing.message().find("dataset-fashion-mnist"), std::string::npos);
  WriteImages(images / "train-images-idx3-ubyte.gz");
  WriteImages(images / "t10k-images-idx3-ubyte.gz");
  ASSERT_TRUE(Run<GenerateCommand>(args).ok());
  EXPECT_EQ(Count("images.jsonl", "bits_per_dimension"), 4);
  EXPECT_EQ(Count("images.jsonl", "pixels"), 5);
  const std::string before = Text("images.jsonl");
  ASSERT_TRUE(Run<GenerateCommand>(args).ok());
  EXPECT_EQ(Text("images.jsonl"), before);
}

class SpeechCommandTest : public CommandsTest {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(data_ / "corpus");
    std::ofstream(data_ / "dictionary") << "(\"one\" nil (((w ah n) 1)))\n";
    std::ofstream manifest(data_ / "corpus/manifest.tsv");
    manifest << "path\tspeaker\tseconds\ttext\n";
    const auto clips = std::filesystem::path(RILL_SOURCE_DIR) / "tests/data";
    for (const auto& file : std::filesystem::directory_iterator(clips)) {
      if (file.path().extension() != ".wav" && file.path().extension() != ".flac") continue;
      manifest << file.path().string() << "\tsomebody\t2\tone\n";
    }
  }

  std::vector<std::string> Args(const std::string& units) {
    return {"speech",         "--smoke", "--data", data_ / "corpus", "--dev",
            data_ / "corpus", "--units", units,    "--dictionary",   data_ / "dictionary"};
  }

  TemporaryFolder data_;
};

TEST_F(SpeechCommandTest, InPhonesAndInCharacters) {
  for (const char* units : {"phones", "characters"}) {
    const absl::Status status = Run<SpeechCommand>(Args(units));
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(Count("speech.jsonl", "error_rate"), 4) << units;
    const std::string before = Text("speech.jsonl");
    ASSERT_TRUE(Run<SpeechCommand>(Args(units)).ok());
    EXPECT_EQ(Text("speech.jsonl"), before);
    std::filesystem::remove_all(folder_.path());
  }
}

TEST_F(SpeechCommandTest, SaysWhatIsMissing) {
  EXPECT_NE(Run<SpeechCommand>({"speech"}).message().find("--data"), std::string::npos);
  std::vector<std::string> args = Args("phones");
  args.back() = data_ / "none";
  const absl::Status status = Run<SpeechCommand>(args);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find("festlex-cmu"), std::string::npos);
}

}  // namespace
}  // namespace rill::paper
