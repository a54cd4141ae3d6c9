#include "model/language_model/arpa_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using ::testing::HasSubstr;

constexpr char kSmall[] =
    "\n\\data\\\nngram 1=3\nngram "
    "2=2\n\n\\1-grams:\n-1.5\t<s>\t-0.25\n-0.5\t</s>\n-2\tit's\t0.125\n"
    "\n\\2-grams:\n-0.75\t<s> it's\n-0\tit's </s>\n\n\\end\\\n";

class ArpaReaderTest : public ::testing::Test {
 protected:
  // Every n-gram as "log_prob words back_off", or the error.
  absl::StatusOr<std::vector<std::string>> Read(const std::string& bytes) {
    WriteText(path_, bytes);
    const auto reader = ArpaReader::Open(path_);
    if (!reader.ok()) return reader.status();
    std::vector<std::string> ngrams;
    ArpaNgram ngram;
    while (true) {
      const absl::StatusOr<bool> more = (*reader)->Next(&ngram);
      if (!more.ok()) return more.status();
      if (!*more) return ngrams;
      std::string text = std::to_string(ngram.log_prob).substr(0, 5);
      for (const std::string_view word : ngram.words) text.append(" ").append(word);
      ngrams.push_back(text.append(" ").append(std::to_string(ngram.back_off).substr(0, 6)));
    }
  }

  std::string Zip(const std::string& text) {
    const std::string path = folder_ / "zipped";
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    std::ifstream zipped(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(zipped), {}};
  }

  const TemporaryFolder folder_;
  const std::string path_ = folder_ / "small.arpa";
  const std::vector<std::string> small_ = {"-1.50 <s> -0.250", "-0.50 </s> 0.0000",
                                           "-2.00 it's 0.1250", "-0.75 <s> it's 0.0000",
                                           "-0.00 it's </s> 0.0000"};
};

TEST_F(ArpaReaderTest, ReadsPlainAndGzippedFiles) {
  for (const std::string& bytes : {std::string(kSmall), Zip(kSmall)}) {
    const auto ngrams = Read(bytes);
    ASSERT_TRUE(ngrams.ok()) << ngrams.status();
    EXPECT_EQ(*ngrams, small_);
  }
}

TEST_F(ArpaReaderTest, LineEndsAndBlanksDoNotMatter) {
  std::string dos;
  for (const char c : std::string(kSmall)) {
    if (c == '\n') dos += " \t\r";
    dos += c;
  }
  const auto ngrams = Read(dos);
  ASSERT_TRUE(ngrams.ok()) << ngrams.status();
  EXPECT_EQ(*ngrams, small_);
}

TEST_F(ArpaReaderTest, LinesBeforeTheDataArePassedOver) {
  const auto ngrams = Read("# made by hand\n\\not data\\\n\n" + std::string(kSmall));
  ASSERT_TRUE(ngrams.ok()) << ngrams.status();
  EXPECT_EQ(*ngrams, small_);
}

TEST_F(ArpaReaderTest, OrdersWithoutNgramsDoNotCount) {
  const std::string small = kSmall;
  const size_t counts = small.find("ngram 2=2\n") + 10, end = small.find("\\end\\");
  for (const std::string sections : {"", "\\3-grams:\n", "\\3-grams:\n\n\\4-grams:\n"}) {
    std::string text = small;
    text.insert(end, sections);
    text.insert(counts, "ngram 3=0\nngram 4=0\n");
    const auto ngrams = Read(text);
    ASSERT_TRUE(ngrams.ok()) << ngrams.status();
    EXPECT_EQ(*ngrams, small_);
    EXPECT_EQ((*ArpaReader::Open(path_))->order(), 2);
  }
}

TEST_F(ArpaReaderTest, MinusInfinityIsAProbabilityOfNothing) {
  const auto ngrams = Read("\\data\\\nngram 1=2\n\\1-grams:\n-inf <s> -0.5\n-1 a -inf\n\\end\\\n");
  ASSERT_TRUE(ngrams.ok()) << ngrams.status();
  EXPECT_THAT(*ngrams, testing::ElementsAre("-99.0 <s> -0.500", "-1.00 a -99.00"));
}

TEST_F(ArpaReaderTest, EveryFieldAtFaultIsNamedWithItsLine) {
  const std::string head = "\\data\\\nngram 1=2\n\\1-grams:\n";
  const struct {
    std::string arpa, problem;
  } cases[] = {
      {"", ":0: an ARPA file begins with"},
      {"hello\nyou\n", ":2: an ARPA file begins with"},
      {"\\data\\\n", ":1: the file ends before \\1-grams:"},
      {"\\data\\\n\\1-grams:\n", ":2: \\data\\ has no line"},
      {"\\data\\\nngram 2=3\n", ":2: expected \"ngram 1=COUNT\", found \"ngram 2=3\""},
      {"\\data\\\nngram 1=many\n", ":2: expected \"ngram 1=COUNT\""},
      {"\\data\\\nngram 1=0\n", ":2: the count is not between 1 and"},
      {"\\data\\\nngram 1=99999999999\n", ":2: the count is not between"},
      {"\\data\\\nngram 1=1\nngram 2=1\nngram 3=1\nngram 4=1\nngram 5=1\nngram 6=1\n",
       ":7: the order is above 5"},
      {"\\data\\\nngram 1=1\nngram 2=0\nngram 3=1\n", ":4: there are no 2-grams for it"},
      {"\\data\\\nngram 1=1\nngram 2=0\n\\1-grams:\n-1 a\n\\2-grams:\n-1 a a\n",
       ":7: \\2-grams: has more n-grams than \\data\\ says (0)"},
      {"\\data\\\nngram 1=1\nngram 2=0\n\\1-grams:\n-1 a\n\\3-grams:\n",
       ":6: expected \\end\\, found"},
      {"\\data\\\nngram 1=1\n\\2-grams:\n", ":3: expected \\1-grams:, found \"\\2-grams:\""},
      {head + "-1 a\n\\end\\\n", ":5: \\1-grams: has 1 n-grams, but \\data\\ says ngram 1=2"},
      {head + "-1 a\n-1 b\n-1 c\n", ":6: \\1-grams: has more n-grams than \\data\\ says (2)"},
      {head + "-1 a\n", ":4: the file ends before \\end\\"},
      {head + "-1\n", ":4: a 1-gram is a probability, 1 word and at most"},
      {head + "-1 a b c\n", ":4: a 1-gram is a probability"},
      {head + "x a\n", ":4: the log10 probability \"x\" is not"},
      {head + "0.5 a\n", ":4: the log10 probability \"0.5\" is not"},
      {head + "nan a\n", ":4: the log10 probability \"nan\" is not"},
      {head + "inf a\n", ":4: the log10 probability \"inf\" is not"},
      {head + "-1001 a\n", ":4: the log10 probability \"-1001\" is not"},
      {head + "-1 a inf\n", ":4: the back-off weight \"inf\" is not"},
      {head + "-1 a 1e9\n", ":4: the back-off weight \"1e9\" is not"},
      {head + "-1 " + std::string(256, 'w') + "\n", "has more than 255 bytes"},
      {head + "-1 " + std::string(70000, 'w') + "\n", ":4: the line has more than 65536 bytes"},
      {Zip(kSmall).substr(0, 60), "cannot be read: the gzip data stop early"},
  };
  for (const auto& test : cases) {
    const absl::Status status = Read(test.arpa).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.problem;
    EXPECT_THAT(status.ToString(), HasSubstr("small.arpa:"));
    EXPECT_THAT(status.ToString(), HasSubstr(test.problem));
  }
  EXPECT_TRUE(absl::IsNotFound(ArpaReader::Open(folder_ / "none").status()));
  EXPECT_THAT(ArpaReader::Open(folder_.path()).status().ToString(), HasSubstr("regular file"));
}

TEST_F(ArpaReaderTest, AnyBytesGiveAnErrorOrNgrams) {
  std::mt19937 random(1);
  const std::string plain = RandomArpa({"a", "b", "c"}, 3, 1), zipped = Zip(plain);
  for (int round = 0; round < 800; ++round) {
    std::string bytes = round % 2 ? plain : zipped;
    for (int changes = random() % 4; changes >= 0; --changes) {
      const size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.resize(at + 1);
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 50));
      }
    }
    const auto ngrams = Read(bytes);
    if (!ngrams.ok()) {
      ASSERT_EQ(ngrams.status().code(), absl::StatusCode::kInvalidArgument);
    }
  }
}

}  // namespace
}  // namespace rill
