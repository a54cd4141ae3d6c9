// A beam over phones: language models of words that sound alike, and what each of these is held
// against: the score of a text word for word.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/model/ctc_beam_fixture.h"

namespace rill {

class PhonesFixture : public CtcBeamDecoderTest {
 protected:
  // "to" is the likeliest of its kind, but "two" before "seats"; "see" is, but "sea" after "a".
  static constexpr char kArpa[] =
      "\\data\\\nngram 1=14\nngram 2=3\n\\1-grams:\n-3 <unk>\n-9 <s> -0.3\n-1 </s>\n-1 to -0.3\n"
      "-2 too -0.3\n-2.2 two -0.3\n-1 see -0.3\n-2 sea -0.3\n-1.5 a -0.3\n-2 tooth -0.3\n"
      "-2 seat -0.3\n-2.5 seats -0.3\n-2.5 say -0.3\n-2 hmm -0.3\n"
      "\\2-grams:\n-0.1 a sea\n-0.1 two seats\n-0.2 tooth to\n\\end\\\n";
  // "hmm" is not there; "key" and "that" are no words of the model's.
  static constexpr char kDictionary[] =
      "to T UW1\ntwo T UW1\ntoo T UW1\nsee S IY1\nsea S IY1\na AH0\ntooth T UW1 TH\nseat S IY1 T\n"
      "seats S IY1 T S\nsay S EY1\nkey K IY1\nthat DH AE1 T\n";

  PhonesFixture() {
    tokens_ = {"<blank>", " ", "AE", "AH", "DH", "EY", "IY", "K", "S", "T", "TH", "UW", "Z"};
  }

  void UsePhones(const std::string& arpa = kArpa, const std::string& dictionary = kDictionary) {
    WriteText(folder_ / "lm.arpa", arpa);
    WriteText(folder_ / "lm.dict", dictionary);
    const auto report =
        BuildLanguageModel(folder_ / "lm.arpa", folder_ / "lm.rlm", nullptr, folder_ / "lm.dict");
    ASSERT_TRUE(report.ok()) << report.status();
    auto model = LanguageModel::Open(folder_ / "lm.rlm");
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    naive_ = NaiveLanguageModel();
    ASSERT_TRUE(naive_.Read(folder_ / "lm.arpa"));
    said_.clear();
    for (const auto line : absl::StrSplit(dictionary, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> word = absl::StrSplit(line, ' ');
      std::vector<std::string>& phones = said_[word[0]];
      for (size_t i = 1; i < word.size(); ++i) {
        phones.push_back(word[i].substr(0, word[i].find_first_of("0123456789")));
      }
    }
  }

  WordId Id(const std::string& word) const { return model_->lexicon().Find(word); }
  int Token(const std::string& name) const {
    return static_cast<int>(std::find(tokens_.begin(), tokens_.end(), name) - tokens_.begin());
  }

  // One token a frame, parted by blanks; "_" is the blank, "|" a space.
  Frames Said(const std::string& tokens, double prob = 0.95) const {
    Frames frames;
    const double other = (1 - prob) / static_cast<double>(tokens_.size() - 1);
    for (const std::string& name : Words(tokens)) {
      std::vector<float> frame(tokens_.size(), static_cast<float>(std::log(other)));
      frame.at(name == "_" ? 0 : Token(name == "|" ? " " : name)) =
          static_cast<float>(std::log(prob));
      frames.push_back(frame);
    }
    return frames;
  }

  static BeamOptions Phones(BeamOptions options = {}) {
    options.lexicon = true;
    options.letter_bonus = 0;
    return options;
  }

  // What is added to the logarithm of the probability of a text's phones, its words being these.
  // `said_` knows all of them; those that the model does not know are hot words.
  double PhonesScore(const std::vector<std::string>& words, const BeamOptions& options,
                     const std::vector<HotWord>& hot_words = {}, bool sentence_end = true) const {
    const double ln = options.lm_weight * std::log(10);
    double score = 0;
    std::vector<std::string> history = {"<s>"};
    for (const std::string& word : words) {
      score += options.word_bonus;
      score += options.letter_bonus * static_cast<double>(said_.at(word).size());
      if (naive_.Knows(word)) {
        score += ln * naive_.Score(history, word);
        history.push_back(word);
      } else {
        score -= options.lm_weight * options.unknown_word_penalty;
        history.clear();
      }
    }
    if (sentence_end) score += ln * naive_.Score(history, "</s>");
    const std::string padded = absl::StrCat(" ", absl::StrJoin(words, " "), " ");
    for (const HotWord& hot_word : hot_words) {
      const std::string phrase = absl::StrCat(" ", hot_word.phrase, " ");
      for (size_t at = padded.find(phrase); at != std::string::npos;
           at = padded.find(phrase, at + 1)) {
        score += hot_word.boost;
      }
    }
    return score;
  }

  std::map<std::string, std::vector<std::string>> said_;  // each word's phones
};

}  // namespace rill
