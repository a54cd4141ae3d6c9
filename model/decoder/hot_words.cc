#include "model/decoder/hot_words.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "model/file/utf8.h"

namespace rill {
namespace {

// At most this much of a phrase goes into an error.
constexpr size_t kQuotedBytes = 120;

// As it is if it can be printed.
std::string Escape(const std::string& text) {
  return IsValidUtf8(text) ? absl::Utf8SafeCEscape(text) : absl::CEscape(text);
}

absl::Status PhraseError(size_t index, const std::string& phrase, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(
      "hot_words[", index, "]: \"", Escape(phrase.substr(0, kQuotedBytes)), "\": ", problem));
}

// One token a letter, words parted by one space, none around.
absl::StatusOr<std::vector<int>> ToTokens(const std::string& phrase,
                                          const std::vector<std::string>& tokens, int space) {
  std::vector<int> ids;
  bool word_over = false;
  for (size_t at = 0; at < phrase.size();) {
    const size_t size = Utf8CharacterSize(std::string_view(phrase).substr(at));
    const std::string letter = absl::AsciiStrToLower(phrase.substr(at, size));
    at += size;
    if (absl::ascii_isspace(static_cast<unsigned char>(letter[0]))) {
      word_over = !ids.empty();
      continue;
    }
    const auto token = std::find(tokens.begin() + 1, tokens.end(), letter);
    if (token == tokens.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the model has no letter \"", Escape(letter), "\""));
    }
    if (word_over) ids.push_back(space);
    word_over = false;
    ids.push_back(static_cast<int>(token - tokens.begin()));
    if (ids.size() > kMaxHotWordLetters) {
      return absl::InvalidArgumentError(
          absl::StrCat("has more than ", kMaxHotWordLetters, " letters"));
    }
  }
  if (ids.empty()) return absl::InvalidArgumentError("has no letters");
  return ids;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HotWords>> HotWords::Create(
    absl::Span<const HotWord> hot_words, const std::vector<std::string>& tokens,
    const Lexicon* lexicon) {
  if (hot_words.empty()) return std::shared_ptr<const HotWords>();
  if (hot_words.size() > kMaxHotWords) {
    return absl::InvalidArgumentError(
        absl::StrCat("hot_words: at most ", kMaxHotWords, " phrases"));
  }
  const std::shared_ptr<HotWords> made(new HotWords);
  made->made_of_.assign(hot_words.begin(), hot_words.end());
  made->space_ = static_cast<int>(std::find(tokens.begin(), tokens.end(), " ") - tokens.begin());
  for (size_t i = 0; i < hot_words.size(); ++i) {
    const HotWord& hot_word = hot_words[i];
    if (!(hot_word.boost >= -kMaxBoost && hot_word.boost <= kMaxBoost)) {
      return PhraseError(i, hot_word.phrase,
                         absl::StrCat("boost ", hot_word.boost, " is not between ", -kMaxBoost,
                                      " and ", kMaxBoost));
    }
    const absl::Status status = made->Add(hot_word, tokens, lexicon);
    if (!status.ok()) {
      return PhraseError(i, hot_word.phrase,
                         absl::string_view(status.message().data(), status.message().size()));
    }
  }
  made->LinkFailures();
  return std::shared_ptr<const HotWords>(made);
}

absl::Status HotWords::Add(const HotWord& hot_word, const std::vector<std::string>& tokens,
                           const Lexicon* lexicon) {
  absl::StatusOr<std::vector<int>> phrase = ToTokens(hot_word.phrase, tokens, space_);
  if (!phrase.ok()) return phrase.status();
  if (hot_word.boost > 0) AddWords(*phrase, tokens, lexicon);
  const int letters = static_cast<int>(phrase->size());
  phrase->push_back(space_);
  const int32_t end = phrases_.Add(*phrase);
  states_.resize(phrases_.size());
  if (states_[end].boost != 0) return absl::InvalidArgumentError("is there twice");
  states_[end].boost = hot_word.boost;
  int depth = letters;
  for (int32_t node = phrases_.parent(end); node != TokenTrie::kRoot; --depth) {
    states_[node].advance =
        std::max(states_[node].advance,
                 hot_word.boost * static_cast<float>(depth) / static_cast<float>(letters));
    node = phrases_.parent(node);
  }
  return absl::OkStatus();
}

void HotWords::AddWords(absl::Span<const int> phrase, const std::vector<std::string>& tokens,
                        const Lexicon* lexicon) {
  for (size_t at = 0; at < phrase.size();) {
    const size_t begin = at;
    std::string word;
    for (; at < phrase.size() && phrase[at] != space_; ++at) word += tokens[phrase[at]];
    if (lexicon == nullptr || lexicon->Find(word) == kUnknownWord) {
      const int32_t end = words_.Add(phrase.subspan(begin, at - begin));
      word_ends_.resize(words_.size());
      word_ends_[end] = true;
    }
    ++at;
  }
  word_ends_.resize(words_.size());
}

// Breadth first: a fail link leads to a shorter text.
void HotWords::LinkFailures() {
  std::vector<int32_t> depth(phrases_.size(), 0), order;
  for (int32_t node = 1; node < phrases_.size(); ++node) {
    depth[node] = depth[phrases_.parent(node)] + 1;
    order.push_back(node);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&depth](int32_t a, int32_t b) { return depth[a] < depth[b]; });
  for (const int32_t node : order) {
    StateInfo& info = states_[node];
    // Where the text would be if it had not begun where this phrase does. The first letter of a
    // phrase has no such place: words are matched whole.
    info.fail = Follow(states_[phrases_.parent(node)].fail, phrases_.token(node));
    if (info.fail == kDead) {
      info.gain = info.boost;
      continue;
    }
    info.gain = info.boost + states_[info.fail].gain;
    info.advance = std::max(info.advance, states_[info.fail].advance);
  }
}

HotWords::State HotWords::Follow(State state, int token) const {
  while (state != kDead) {
    if (const State next = phrases_.Child(state, token); next != TokenTrie::kNone) return next;
    state = states_[state].fail;
  }
  return token == space_ ? kStart : kDead;
}

HotWords::State HotWords::Next(State state, int token, float* gain) const {
  const State next = Follow(state, token);
  *gain = next == kDead ? 0 : states_[next].gain;
  return next;
}

size_t HotWords::bytes() const {
  size_t letters = 0;
  for (const HotWord& hot_word : made_of_) letters += sizeof(hot_word) + hot_word.phrase.size();
  return sizeof(*this) + letters + phrases_.bytes() + words_.bytes() +
         states_.capacity() * sizeof(StateInfo) + word_ends_.capacity() / 8;
}

void Save(const HotWords* hot_words, StateWriter& writer) {
  const std::vector<HotWord> none;
  const std::vector<HotWord>& phrases = hot_words == nullptr ? none : hot_words->phrases();
  writer.Write<uint64_t>(phrases.size());
  for (const HotWord& hot_word : phrases) {
    writer.WriteString(hot_word.phrase);
    writer.Write(hot_word.boost);
  }
}

std::vector<HotWord> LoadHotWords(StateReader& reader) {
  constexpr size_t kMaxPhraseBytes = 4096;
  std::vector<HotWord> phrases;
  const size_t count = reader.ReadCount(kMaxHotWords, "hot words");
  while (phrases.size() < count && reader.ok()) {
    HotWord& hot_word = phrases.emplace_back();
    hot_word.phrase = reader.ReadString(kMaxPhraseBytes, "a hot word");
    hot_word.boost = reader.Read<float>();
  }
  return phrases;
}

}  // namespace rill
