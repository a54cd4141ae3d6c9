#include "model/decoder/text_scorer.h"

#include <algorithm>
#include <cmath>

namespace rill {
namespace {

constexpr double kLn10 = 2.302585092994046;
constexpr double kUnbounded = 1e30;

}  // namespace

TextScorer::TextScorer(const std::vector<std::string>* tokens, const LanguageModel* model,
                       const BeamOptions& options)
    : model_(model),
      speller_(tokens, model == nullptr ? nullptr : &model->lexicon()),
      options_(options),
      log10_weight_(static_cast<float>(options.lm_weight * kLn10)),
      word_bonus_(model == nullptr ? 0 : options.word_bonus),
      letter_bonus_(model == nullptr ? 0 : options.letter_bonus),
      unknown_word_(options.lm_weight * options.unknown_word_penalty),
      unknown_letter_(options.lm_weight * options.unknown_letter_penalty) {}

LanguageModel::State TextScorer::SentenceStart() const {
  return model_ == nullptr ? LanguageModel::State{} : model_->Begin();
}

TextState TextScorer::Begin(const LanguageModel::State& history) const {
  TextState text;
  text.history = history;
  if (model_ != nullptr) text.ahead = model_->After(history);
  return text;
}

bool TextScorer::SameFuture(const TextState& a, const TextState& b) {
  return a.letters == b.letters && a.in_lexicon == b.in_lexicon &&
         (!a.in_lexicon || a.node == b.node) && a.hot_node == b.hot_node && a.hot == b.hot &&
         a.history == b.history;
}

double TextScorer::Bound(const TextState& text) const {
  if (hot_ != nullptr) return kUnbounded;
  // No probability is above 1.
  return text.score() + (text.letters == 0 ? word_bonus_ : 0) + std::max(letter_bonus_, 0.0f);
}

int TextScorer::KnownEndings(const TextState& text) const {
  return text.in_lexicon ? std::min(model_->lexicon().homophones(text.node), kMaxHomophones) : 0;
}

int TextScorer::Endings(const TextState& text) const {
  if (!by_phones()) return 1;
  return KnownEndings(text) +
         (hot_ == nullptr ? 0 : static_cast<int>(hot_->words(text.hot_node).size()));
}

WordId TextScorer::Ending(const TextState& text, int i) const {
  if (!by_phones()) return kUnknownWord;
  const int known = KnownEndings(text);
  if (i < known) return model_->lexicon().word(text.node) + static_cast<WordId>(i);
  return hot_->words(text.hot_node)[i - known];
}

std::string_view TextScorer::Spelling(WordId word) const {
  if (!by_phones() || word == kUnknownWord) return {};
  if (word < kFirstHotWord) return model_->lexicon().Spelling(word);
  return hot_ == nullptr ? std::string_view() : hot_->Spelling(word);
}

WordId TextScorer::Guess(const TextState& text) const {
  if (!by_phones() || text.letters == 0) return kUnknownWord;
  double score = 0;
  LanguageModel::State history;
  WordId word = kUnknownWord;
  if (Finish(text, /*sentence_end=*/false, &score, &history, &word)) return word;
  if (text.in_lexicon) word = model_->lexicon().Likeliest(text.node);
  return word == kUnknownWord && hot_ != nullptr ? hot_->WordBelow(text.hot_node) : word;
}

bool TextScorer::Extend(const TextState& from, int token, TextState* to, WordId word) const {
  if (token != space()) return ExtendLetter(from, token, to);
  double score = 0;
  if (!CloseWord(from, word, &score, &to->history)) return false;
  to->word = word;
  to->closed = from.closed + score;
  to->letters = 0;
  to->node = Lexicon::kRoot;
  to->in_lexicon = true;
  if (model_ != nullptr) to->ahead = model_->After(to->history);
  FollowHotWords(from, token, to);
  return true;
}

bool TextScorer::ExtendLetter(const TextState& from, int token, TextState* to) const {
  if (from.letters == kMaxWordLetters) return false;
  to->in_lexicon = from.in_lexicon && model_ != nullptr;
  to->node = from.node;
  if (to->in_lexicon) {
    const std::string& symbols = speller_.symbols(token);
    to->in_lexicon = !symbols.empty();
    for (const char symbol : symbols) {
      to->node = model_->lexicon().Child(to->node, static_cast<uint8_t>(symbol));
      if (to->node == Lexicon::kNone) {
        to->in_lexicon = false;
        break;
      }
    }
  }
  if (to->in_lexicon) {
    to->ahead = from.ahead;
    model_->Narrow(to->node, &to->ahead);
  }
  to->letters = from.letters + 1;
  to->word = kUnknownWord;
  to->closed = from.closed;
  FollowHotWords(from, token, to);
  if (options_.lexicon && !to->in_lexicon && to->hot_node == TokenTrie::kNone) return false;
  to->history = from.history;
  return true;
}

void TextScorer::FollowHotWords(const TextState& from, int token, TextState* to) const {
  float gain = 0;
  if (hot_ == nullptr) {
    to->hot = HotWords::kStart;
    to->hot_node = to->letters == 0 ? TokenTrie::kRoot : TokenTrie::kNone;
  } else {
    const bool space = token == speller_.space();
    to->hot = hot_->Next(from.hot, space ? hot_->SpaceAfter(to->word) : token, &gain);
    to->hot_node = to->letters == 0 ? TokenTrie::kRoot : hot_->words().Child(from.hot_node, token);
  }
  to->hot_gain = from.hot_gain + gain;
  to->open = OpenScore(*to);
}

void TextScorer::ForgetHotWords(TextState* text) const {
  text->hot = HotWords::kStart;
  text->hot_node = TokenTrie::kRoot;
  text->open = 0;
}

float TextScorer::Bonus(const TextState& text) const {
  return word_bonus_ + letter_bonus_ * static_cast<float>(text.letters);
}

float TextScorer::UnknownPenalty(const TextState& text) const {
  const bool hot = hot_ != nullptr && text.hot_node != TokenTrie::kNone;
  const float letters = hot ? 0 : static_cast<float>(text.letters);
  return unknown_word_ + letters * unknown_letter_;
}

float TextScorer::OpenScore(const TextState& text) const {
  const float advance = hot_ == nullptr ? 0 : hot_->advance(text.hot);
  if (text.letters == 0) return advance;
  float word = Bonus(text);
  if (model_ != nullptr) {
    const bool may_be_unknown = !options_.lexicon || text.hot_node != TokenTrie::kNone;
    float best = may_be_unknown ? -UnknownPenalty(text) : -1e9f;
    if (text.in_lexicon) {
      best = std::max(best, log10_weight_ * model_->Best(text.ahead, text.node));
    }
    word += best;
  }
  return word + advance;
}

bool TextScorer::MayEnd(const TextState& text) const {
  if (text.letters == 0 || !options_.lexicon) return true;
  return (text.in_lexicon && model_->lexicon().word(text.node) != kUnknownWord) ||
         (hot_ != nullptr && !hot_->words(text.hot_node).empty());
}

bool TextScorer::Hopeless(const TextState& text) const {
  return options_.lexicon && text.letters > 0 && !text.in_lexicon &&
         (hot_ == nullptr || text.hot_node == TokenTrie::kNone);
}

bool TextScorer::CloseWord(const TextState& text, WordId word, double* score,
                           LanguageModel::State* history) const {
  *score = Bonus(text);
  if (model_ == nullptr) return true;
  if (!by_phones() && text.in_lexicon) word = model_->lexicon().word(text.node);
  if (word != kUnknownWord && word < kFirstHotWord) {
    *score += log10_weight_ * model_->Score(text.history, word, history);
    return true;
  }
  if (!MayEnd(text)) return false;
  const bool hot = hot_ != nullptr && !hot_->words(text.hot_node).empty();
  *score -= unknown_word_;
  if (!hot) *score -= unknown_letter_ * static_cast<double>(text.letters);
  *history = {};
  return true;
}

void TextScorer::Save(const TextState& text, StateWriter& writer) const {
  writer.Write(text.closed);
  writer.Write(text.hot_gain);
  writer.Write(text.open);
  writer.Write<int32_t>(text.letters);
  writer.Write(text.word);
  writer.Write(text.node);
  writer.Write(text.in_lexicon);
  writer.Write(text.hot_node);
  writer.Write(text.hot);
  writer.Write<int32_t>(text.history.length);
  for (int i = 0; i < text.history.length; ++i) writer.Write(text.history.words[i]);
}

TextState TextScorer::Load(StateReader& reader) const {
  constexpr double kMaxScore = 1e30;
  TextState text;
  text.closed = reader.ReadIn(-kMaxScore, kMaxScore, "score of a text");
  text.hot_gain = reader.ReadIn(-kMaxScore, kMaxScore, "boosts of a text");
  text.open = reader.ReadIn<float>(-kMaxScore, kMaxScore, "score of a word");
  text.letters = reader.ReadIn<int32_t>(0, kMaxWordLetters, "letters of a word");
  text.word = reader.Read<WordId>();         // the lexicon and the hot words take any
  text.node = reader.Read<Lexicon::Node>();  // the lexicon takes any, and so
  text.in_lexicon = reader.ReadBool();
  text.hot_node = reader.Read<int32_t>();
  text.hot = reader.Read<HotWords::State>();
  if (hot_ == nullptr) {
    reader.Require(text.hot == HotWords::kStart && text.hot_node <= TokenTrie::kRoot &&
                       text.hot_node >= TokenTrie::kNone,
                   "hot words of a text");
  } else {
    reader.Require(hot_->Has(text.hot) && hot_->HasWordNode(text.hot_node), "hot words of a text");
  }
  text.history.length = reader.ReadIn<int32_t>(0, kMaxNgramOrder - 1, "language model history");
  for (int i = 0; i < text.history.length; ++i) {
    text.history.words[i] = reader.Read<WordId>();  // does the language model
  }
  if (model_ != nullptr) {
    text.ahead = model_->After(text.history);
    if (text.letters > 0 && text.in_lexicon) model_->Narrow(text.node, &text.ahead);
  }
  return text;
}

float TextScorer::GainAtEnd(const TextState& text, WordId word) const {
  float gain = 0;
  if (hot_ != nullptr) hot_->Next(text.hot, hot_->SpaceAfter(word), &gain);
  return gain;
}

double TextScorer::EndOfSentence(const LanguageModel::State& history) const {
  return model_ == nullptr ? 0 : log10_weight_ * model_->Score(history, kSentenceEnd, nullptr);
}

bool TextScorer::FinishAs(const TextState& text, WordId word, bool sentence_end, double* score,
                          LanguageModel::State* history) const {
  *score = 0;
  float gain = 0;
  if (text.letters == 0) {
    *history = text.history;
  } else {
    if (!CloseWord(text, word, score, history)) return false;
    gain = GainAtEnd(text, word);
  }
  *score += text.closed + text.hot_gain + gain;
  if (sentence_end) *score += EndOfSentence(*history);
  return true;
}

bool TextScorer::Finish(const TextState& text, bool sentence_end, double* score,
                        LanguageModel::State* history, WordId* word) const {
  bool ends = false;
  const int endings = text.letters == 0 ? 1 : Endings(text);
  for (int i = 0; i < endings; ++i) {
    const WordId ending = text.letters == 0 ? text.word : Ending(text, i);
    LanguageModel::State after;
    double whole = 0;
    if (!FinishAs(text, ending, sentence_end, &whole, &after)) continue;
    if (ends && whole <= *score) continue;
    ends = true;
    *score = whole;
    *history = after;
    if (word != nullptr) *word = ending;
  }
  return ends;
}

}  // namespace rill
