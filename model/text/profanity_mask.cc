#include "model/text/profanity_mask.h"

#include "absl/strings/str_join.h"

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

bool ContinuesCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::string Mask(const std::string& word) {
  std::string masked;
  size_t characters = 0;
  for (const char byte : word) {
    if (!ContinuesCharacter(byte)) characters += 1;
    if (characters == 1) masked += byte;
  }
  return masked.append(characters - 1, '*');
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
  result.text = absl::StrJoin(result.words, " ",
                              [](std::string* out, const Word& word) { out->append(word.text); });
  return result;
}

}  // namespace rill
