#include "model/training/data/phone_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/file/model_config.h"
#include "model/training/data/clip_store.h"
#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PhoneTableTest : public testing::Test {
 protected:
  // The model's labels: blank 0, space 1, AH 2, D 3, HH 4, L 5, OW 6.
  PhoneTable Open() {
    return PhoneTable::Open(WriteFile(folder_, "words.dict",
                                      "hello HH AH L OW\n"
                                      "add AH D D\n"
                                      "oh OW\n"))
        .value();
  }

  TemporaryFolder folder_;
};

TEST_F(PhoneTableTest, AModelHasABlankASpaceAndTheFilesPhones) {
  EXPECT_THAT(Open().phones(), ElementsAre("<blank>", " ", "AH", "D", "HH", "L", "OW"));
}

TEST_F(PhoneTableTest, ASpaceEndsEveryWord) {
  const PhoneTable table = Open();
  EXPECT_EQ(table.phones()[table.space()], " ");
  EXPECT_THAT(*table.Encode(" oh  hello"), ElementsAre(6, 1, 4, 2, 5, 6, 1));
  EXPECT_THAT(*table.Encode(" "), IsEmpty());
}

TEST_F(PhoneTableTest, NamesTheWordThatIsNotInTheFile) {
  const absl::Status status = Open().Encode("oh dear").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'dear' in the text has no pronunciation"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("words.dict"));
}

TEST_F(PhoneTableTest, AFileThatIsNotThereIsAnError) {
  EXPECT_FALSE(PhoneTable::Open(folder_ / "nothing.dict").ok());
}

TEST_F(PhoneTableTest, ClipsHaveFramesForLettersAndForPhones) {
  Manifest manifest;
  for (const char* text : {"oh", "add", "hello", ""}) {
    manifest.clips.push_back({static_cast<int>(manifest.clips.size()) + 2, "x", "x", 1, text});
  }
  const TokenTable tokens = TokenTable::Create(CharacterTokens()).value();
  const PhoneTable phones = Open();
  const auto store = [&](const PhoneTable* table) {
    return ClipStore::Create(manifest, tokens, table, FeatureCache::Files()).value();
  };
  const auto with = store(&phones), without = store(nullptr);
  EXPECT_THAT(with->clip(1).phones, ElementsAre(2, 3, 3, 1));
  EXPECT_EQ(with->clip(1).labels, without->clip(1).labels);
  EXPECT_THAT(with->clip(3).phones, IsEmpty());
  EXPECT_THAT(without->clip(1).phones, IsEmpty());
  // "oh " of 3 letters and 2 phones, "add " with a blank between the same twice, "hello " likewise.
  const std::vector<int64_t> needed = {3, 5, 7, 0};
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(with->clip(i).frames_needed, needed[i]) << i;
  manifest.clips.resize(1);
  WriteFile(folder_, "long.dict", "oh OW OW L L\n");
  const PhoneTable drawn = PhoneTable::Open(folder_ / "long.dict").value();
  EXPECT_EQ(store(&drawn)->clip(0).frames_needed, 7);
}

}  // namespace
}  // namespace rill::training
