#include "model/decoder/letter_to_sound.h"

#include <algorithm>
#include <mutex>

#include "absl/strings/ascii.h"

extern "C" {
#include <flite/flite.h>

cst_lexicon* cmu_lex_init(void);  // has no header
}

namespace rill {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || c == '\''; }

// "ax0" -> "AH": flite knows a schwa of its own.
std::string ToCmuPhone(std::string phone) {
  while (!phone.empty() && absl::ascii_isdigit(static_cast<unsigned char>(phone.back()))) {
    phone.pop_back();
  }
  phone = absl::AsciiStrToUpper(phone);
  return phone == "AX" ? "AH" : phone;
}

}  // namespace

std::vector<std::string> LetterToSound(std::string_view word) {
  if (word.empty() || !std::all_of(word.begin(), word.end(), IsLetter)) return {};
  static std::mutex mutex;  // flite makes no promise
  const std::lock_guard<std::mutex> lock(mutex);
  static const cst_lexicon* const lexicon = cmu_lex_init();
  cst_val* const said = lex_lookup(lexicon, std::string(word).c_str(), nullptr, nullptr);
  std::vector<std::string> phones;
  for (const cst_val* phone = said; phone != nullptr; phone = val_cdr(phone)) {
    phones.push_back(ToCmuPhone(val_string(val_car(phone))));
  }
  delete_val(said);
  return phones;
}

}  // namespace rill
