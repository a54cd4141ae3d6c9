#include "model/paper/speech/phone_dictionary.h"

#include <gtest/gtest.h>

#include <fstream>

#include "model/paper/speech/phone_manifests.h"
#include "model/training/data/manifest.h"
#include "tests/temporary_folder.h"

namespace rill::paper {
namespace {

constexpr char kText[] = R"(MNCL
("a" dt (((ax) 0)))
("a" n (((ey) 1)))
("it's" nil (((ih t s) 1)))
("tax" n (((t ae k s) 1)))
broken line
("none" nil ())
("unfinished
)";

class PhoneDictionaryTest : public ::testing::Test {
 protected:
  absl::StatusOr<PhoneDictionary> Open(const std::string& text) {
    std::ofstream(folder_ / "dictionary") << text;
    return PhoneDictionary::Open(folder_ / "dictionary");
  }

  TemporaryFolder folder_;
};

TEST_F(PhoneDictionaryTest, SpellsWordsInPhones) {
  const auto dictionary = Open(kText);
  ASSERT_TRUE(dictionary.ok()) << dictionary.status();
  const std::vector<std::string> phones = {"ae", "ax", "ey", "ih", "k", "s", "t"};
  EXPECT_EQ(dictionary->phones(), phones);
  EXPECT_EQ(dictionary->Letters(), (std::vector<std::string>{"a", "b", "c", "d", "e", "f", "g"}));
  EXPECT_EQ(dictionary->Spell("tax"), "gaef");
  EXPECT_EQ(dictionary->Spell("it's a  tax"), "dgfbgaef");  // the first of two pronunciations
  EXPECT_EQ(dictionary->Spell(""), "");
  EXPECT_EQ(dictionary->Spell("a taxi"), std::nullopt);
  EXPECT_EQ(dictionary->Spell("none"), std::nullopt);
}

TEST_F(PhoneDictionaryTest, RefusesWhatIsNoDictionary) {
  EXPECT_TRUE(absl::IsNotFound(PhoneDictionary::Open(folder_ / "nothing").status()));
  EXPECT_FALSE(Open("").ok());
  EXPECT_FALSE(Open("hello world\n").ok());
  std::string many;
  for (int i = 0; i < 60; ++i) {
    many +=
        "(\"w\" nil (((p" + std::string(1, 'a' + i % 26) + std::string(i / 26, 'x') + ") 1)))\n";
  }
  EXPECT_FALSE(Open(many).ok());
}

TEST_F(PhoneDictionaryTest, ManifestsInPhonesKeepWhatCanBeSpelled) {
  const auto dictionary = Open(kText);
  std::filesystem::create_directories(folder_ / "corpus");
  std::ofstream(folder_ / "corpus/manifest.tsv")
      << "path\tspeaker\tseconds\ttext\none.opus\tann\t1.5\ta tax\ntwo.opus\tbob\t2\ta taxi\n";
  const auto written = WritePhoneManifests({folder_ / "corpus"}, *dictionary, folder_ / "phones");
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(written->clips, 1);
  EXPECT_EQ(written->left_out, 1);
  const auto read = training::ReadManifests({written->folder});
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ((*read)[0].name, "corpus");
  ASSERT_EQ((*read)[0].clips.size(), 1u);
  EXPECT_EQ((*read)[0].clips[0].text, "bgaef");
  EXPECT_EQ((*read)[0].clips[0].speaker, "ann");
  EXPECT_EQ(std::filesystem::path((*read)[0].AudioPath((*read)[0].clips[0])),
            std::filesystem::absolute(folder_ / "corpus/one.opus"));
}

}  // namespace
}  // namespace rill::paper
