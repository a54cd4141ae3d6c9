#include "model/training/data/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

using testing::HasSubstr;

constexpr char kHeader[] = "path\tspeaker\tseconds\ttext\n";

TEST(ManifestTest, ReadsClipsAndNamesTheCorpusByItsFolder) {
  const TemporaryFolder folder;
  const std::string file =
      WriteFile(folder, "digits/manifest.tsv",
                std::string(kHeader) + "a/b.wav\tann\t1.25\tone two\n" + "/abs/c.wav\tbob\t2\t\n");
  const auto manifest = ReadManifest(file);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->name, "digits");
  ASSERT_EQ(manifest->clips.size(), 2u);
  EXPECT_EQ(manifest->clips[0].line, 2);
  EXPECT_EQ(manifest->clips[0].speaker, "ann");
  EXPECT_EQ(manifest->clips[0].seconds, 1.25);
  EXPECT_EQ(manifest->clips[0].text, "one two");
  EXPECT_EQ(manifest->AudioPath(manifest->clips[0]), folder / "digits/a/b.wav");
  EXPECT_EQ(manifest->AudioPath(manifest->clips[1]), "/abs/c.wav");
  EXPECT_EQ(manifest->clips[1].text, "");
}

TEST(ManifestTest, TakesColumnsInAnyOrderAndCarriageReturns) {
  const TemporaryFolder folder;
  const auto manifest =
      ReadManifest(WriteFile(folder, "c/manifest.tsv",
                             "text\textra\tpath\tseconds\tspeaker\r\nhi\tx\ta.wav\t1\ts\r\n\r\n"));
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  ASSERT_EQ(manifest->clips.size(), 1u);
  EXPECT_EQ(manifest->clips[0].text, "hi");
  EXPECT_EQ(manifest->clips[0].path, "a.wav");
  EXPECT_EQ(manifest->clips[0].speaker, "s");
}

struct BadManifest {
  const char* contents;
  const char* where;  // part of the message
  const char* what;
};

class BadManifestTest : public testing::TestWithParam<BadManifest> {};

TEST_P(BadManifestTest, NamesFileAndLine) {
  const TemporaryFolder folder;
  const auto manifest = ReadManifest(WriteFile(folder, "c/manifest.tsv", GetParam().contents));
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(manifest.status().message()),
              testing::AllOf(HasSubstr(GetParam().where), HasSubstr(GetParam().what)));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, BadManifestTest,
    testing::Values(
        BadManifest{"", "manifest.tsv", "no clip"},
        BadManifest{"path\tspeaker\tseconds\n", "manifest.tsv:1", "'text'"},
        BadManifest{"path\tspeaker\tseconds\ttext\n", "manifest.tsv", "no clip"},
        BadManifest{"path\tspeaker\tseconds\ttext\na\tb\t1\tx\na\tb\t1\n", "manifest.tsv:3",
                    "3 tab"},
        BadManifest{"path\tspeaker\tseconds\ttext\na\tb\t1\tx\ty\n", "manifest.tsv:2", "5 tab"},
        BadManifest{"path\tspeaker\tseconds\ttext\na\tb\tlong\tx\n", "manifest.tsv:2", "'long'"},
        BadManifest{"path\tspeaker\tseconds\ttext\na\tb\tnan\tx\n", "manifest.tsv:2", "'nan'"},
        BadManifest{"path\tspeaker\tseconds\ttext\na\tb\t-1\tx\n", "manifest.tsv:2", "'-1'"},
        BadManifest{"path\tspeaker\tseconds\ttext\n\tb\t1\tx\n", "manifest.tsv:2", "path"},
        BadManifest{"path\tspeaker\tseconds\ttext\na\tb\t1\t\xff\xfe\n", "manifest.tsv:2",
                    "UTF-8"}));

TEST(ManifestTest, AMissingManifestIsNotFound) {
  const TemporaryFolder folder;
  const auto manifest = ReadManifest(folder / "nowhere.tsv");
  EXPECT_EQ(manifest.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(manifest.status().message()), HasSubstr("nowhere.tsv"));
}

TEST(ManifestTest, FindsManifestsAtAnyDepthInOrderAndNoneTwice) {
  const TemporaryFolder folder;
  const std::string clip = std::string(kHeader) + "a.wav\ts\t1\tx\n";
  WriteFile(folder, "all/b/manifest.tsv", clip);
  WriteFile(folder, "all/a/deep/manifest.tsv", clip);
  WriteFile(folder, "all/a/deep/other.tsv", clip);
  const std::string other = WriteFile(folder, "own/list.tsv", clip);
  const auto manifests = ReadManifests({folder / "all", other, folder / "all/b"});
  ASSERT_TRUE(manifests.ok()) << manifests.status();
  std::vector<std::string> names;
  for (const Manifest& manifest : *manifests) names.push_back(manifest.name);
  EXPECT_THAT(names, testing::ElementsAre("deep", "b", "own"));
}

TEST(ManifestTest, RefusesTwoCorporaOfOneNameAndFoldersWithout) {
  const TemporaryFolder folder;
  const std::string clip = std::string(kHeader) + "a.wav\ts\t1\tx\n";
  WriteFile(folder, "x/same/manifest.tsv", clip);
  WriteFile(folder, "y/same/manifest.tsv", clip);
  WriteFile(folder, "empty/readme", "");
  EXPECT_THAT(std::string(ReadManifests({folder / "x", folder / "y"}).status().message()),
              HasSubstr("two corpora are named same"));
  EXPECT_EQ(ReadManifests({folder / "empty"}).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace rill::training
