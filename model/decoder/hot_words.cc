#include "model/decoder/hot_words.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rill {
namespace {

// At most this much of a phrase goes into an error.
constexpr size_t kQuotedBytes = 120;

absl::Status PhraseError(size_t index, const std::string& phrase, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(
      "hot_words[", index, "]: \"", Escape(phrase.substr(0, kQuotedBytes)), "\": ", problem));
}

// Its words, whatever white space parts them.
std::vector<std::string> WordsOf(const std::string& phrase) {
  return absl::StrSplit(phrase, absl::ByAnyChar(" \t\n\v\f\r"), absl::SkipEmpty());
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
  const Speller speller(&tokens, lexicon);
  made->space_ = speller.space();
  made->first_space_ = static_cast<int>(tokens.size());
  for (size_t i = 0; i < hot_words.size(); ++i) {
    const HotWord& hot_word = hot_words[i];
    if (!(hot_word.boost >= -kMaxBoost && hot_word.boost <= kMaxBoost)) {
      return PhraseError(i, hot_word.phrase,
                         absl::StrCat("boost ", hot_word.boost, " is not between ", -kMaxBoost,
                                      " and ", kMaxBoost));
    }
    const absl::Status status = made->Add(hot_word, speller, lexicon);
    if (!status.ok()) {
      return PhraseError(i, hot_word.phrase,
                         absl::string_view(status.message().data(), status.message().size()));
    }
  }
  made->LinkFailures();
  made->FindWordsBelow();
  return std::shared_ptr<const HotWords>(made);
}

absl::Status HotWords::Add(const HotWord& hot_word, const Speller& speller,
                           const Lexicon* lexicon) {
  std::vector<int> phrase;
  for (const std::string& word : WordsOf(hot_word.phrase)) {
    const absl::StatusOr<std::vector<int>> letters = speller.Spell(word);
    if (!letters.ok()) return letters.status();
    phrase.insert(phrase.end(), letters->begin(), letters->end());
    if (phrase.size() > kMaxHotWordLetters) {
      return absl::InvalidArgumentError(
          absl::StrCat("has more than ", kMaxHotWordLetters, " letters"));
    }
    const absl::StatusOr<int> space =
        AddWord(absl::AsciiStrToLower(word), *letters, hot_word.boost > 0, speller, lexicon);
    if (!space.ok()) return space.status();
    phrase.push_back(*space);
  }
  if (phrase.empty()) return absl::InvalidArgumentError("has no letters");
  const int letters = static_cast<int>(phrase.size()) - 1;
  const int32_t end = phrases_.Add(phrase);
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

absl::StatusOr<int> HotWords::AddWord(const std::string& word, absl::Span<const int> letters,
                                      bool boosted, const Speller& speller,
                                      const Lexicon* lexicon) {
  WordId id = lexicon == nullptr ? kUnknownWord : lexicon->Find(word);
  bool known = id != kUnknownWord;
  if (speller.by_phones()) {
    if (!known) {
      const auto [named, is_new] =
          unknown_ids_.try_emplace(word, kFirstHotWord + static_cast<WordId>(unknown_.size()));
      id = named->second;
      if (is_new) unknown_.push_back(word);
    }
    known = known && !lexicon->Pronunciation(id).empty();  // else no phones lead to it
    spaces_after_.try_emplace(id, first_space_ + static_cast<int>(spaces_after_.size()));
  }
  if (!known && boosted) {
    const int32_t end = words_.Add(letters);
    word_ends_.resize(words_.size());
    std::vector<WordId>& ending = word_ends_[end];
    if (std::find(ending.begin(), ending.end(), id) == ending.end()) ending.push_back(id);
    if (ending.size() > kMaxHomophones) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kMaxHomophones, " hot words sound like it"));
    }
  }
  return SpaceAfter(id);
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
  return token == space_ || token >= first_space_ ? kStart : kDead;
}

int HotWords::SpaceAfter(WordId word) const {
  const auto space = spaces_after_.find(word);
  return space == spaces_after_.end() ? space_ : space->second;
}

std::string_view HotWords::Spelling(WordId word) const {
  const WordId index = word - kFirstHotWord;
  return word >= kFirstHotWord && index < unknown_.size() ? unknown_[index] : std::string_view();
}

// A child's number is above its parent's.
void HotWords::FindWordsBelow() {
  words_below_.assign(words_.size(), kUnknownWord);
  for (int32_t node = words_.size(); --node > TokenTrie::kRoot;) {
    if (!word_ends_[node].empty()) words_below_[node] = word_ends_[node].front();
    words_below_[words_.parent(node)] = words_below_[node];
  }
}

HotWords::State HotWords::Next(State state, int token, float* gain) const {
  const State next = Follow(state, token);
  *gain = next == kDead ? 0 : states_[next].gain;
  return next;
}

size_t HotWords::bytes() const {
  size_t letters = 0;
  for (const HotWord& hot_word : made_of_) letters += sizeof(hot_word) + hot_word.phrase.size();
  size_t spellings = 0;
  for (const std::string& word : unknown_) spellings += 2 * (sizeof(word) + word.size());
  return sizeof(*this) + letters + spellings + phrases_.bytes() + words_.bytes() +
         states_.capacity() * sizeof(StateInfo) +
         word_ends_.capacity() * (sizeof(word_ends_[0]) + sizeof(WordId)) +
         words_below_.capacity() * sizeof(WordId) +
         spaces_after_.size() * (sizeof(WordId) + sizeof(int));
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
