#include "model/text/profanity_mask.h"

#include <string_view>

#include "model/file/utf8.h"

namespace rill {
namespace {

std::vector<std::string> BuiltInWords() {
  std::vector<std::string> words = {
      "asshole",       "assholes",      "bastard",   "bastards", "bullshit",  "cocksucker",
      "cocksuckers",   "dickhead",      "dickheads", "goddamn",  "goddamned", "motherfucker",
      "motherfuckers", "motherfucking", "shitty",    "slutty",   "wanker",    "wankers"};
  for (const char* stem : {"bitch", "cunt", "fuck", "piss", "shit", "slut", "twat", "whore"}) {
    for (const char* ending : {"", "s", "es", "ed", "er", "ers", "in", "ing", "'s"}) {
      words.push_back(std::string(stem) + ending);
    }
  }
  return words;
}

std::string Mask(const std::string& word) {
  const size_t first = Utf8CharacterSize(word);
  std::string masked = word.substr(0, first);
  for (size_t at = first; at < word.size();
       at += Utf8CharacterSize(std::string_view(word).substr(at))) {
    masked += '*';
  }
  return masked;
}

}  // namespace

ProfanityMask::ProfanityMask() : ProfanityMask(BuiltInWords()) {}

ProfanityMask::ProfanityMask(std::vector<std::string> words)
    : words_(std::make_move_iterator(words.begin()), std::make_move_iterator(words.end())) {
  words_.erase("");
}

Hypothesis ProfanityMask::Apply(const Hypothesis& hypothesis) const {
  Hypothesis result = hypothesis;
  for (Word& word : result.words) {
    if (words_.count(word.text) > 0) word.text = Mask(word.text);
  }
  result.text = JoinWords(result.words);
  return result;
}

}  // namespace rill
