#include "model/decoder/ctc_beam_decoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/decoder/log_add.h"

namespace rill {
namespace {

constexpr int kBlank = CtcFrame::kBlank;
constexpr double kNever = -1e30;  // the logarithm of 0
constexpr int kDecideEvery = 8;   // frames
constexpr double kLn2 = 0.6931471805599453;
constexpr double kRounding = 1e-3;  // of a score

// Enough for texts that agree on nothing for a long word, and for a few that differ for long.
int PoolCapacity(const BeamOptions& options) { return 1024 + 32 * options.beam; }

}  // namespace

CtcBeamDecoder::CtcBeamDecoder(const std::vector<std::string>* tokens, const LanguageModel* model,
                               const BeamOptions& options, int texts)
    : tokens_(tokens),
      options_(options),
      texts_(texts),
      scorer_(tokens, model, options),
      pool_(PoolCapacity(options)),
      frame_(static_cast<int>(tokens->size()), scorer_.space()) {
  Restart(kBlank, {0, 0, kNever, 0, 0}, scorer_.SentenceStart());
}

void CtcBeamDecoder::Accept(absl::Span<const float> log_probs, int64_t start, int64_t end) {
  time_ = end;
  if (frames_++ % kDecideEvery == 0) DecideCommon();
  if (pool_.room() < options_.beam) MakeRoom();
  frame_.Read(log_probs, start, end, options_);
  if (options_.lexicon && frame_.space_is_likeliest() && NoneMayEnd()) GiveUpWord();
  StayAll();
  ExtendAll();
  Select();
  NoticeChange();
}

// Every text may stay what it is: by a blank, or by its last letter said on. Where no word is open
// a space is as good as a blank.
void CtcBeamDecoder::StayAll() {
  candidates_.clear();
  worst_ = kNever;
  double least = -kNever;
  for (size_t i = 0; i < beam_.size(); ++i) {
    const Entry& entry = beam_[i];
    const PrefixNode& node = pool_[entry.node];
    Candidate stay;
    stay.node = entry.node;
    stay.rank = static_cast<int32_t>(i);
    stay.blank = entry.total + (node.text.letters == 0 ? frame_.blank_or_space() : frame_[kBlank]);
    stay.letter = entry.letter == kNever ? kNever : entry.letter + frame_[node.token];
    stay.fresh = kNever;
    const double score = std::max(stay.blank, stay.letter) + node.text.score();
    worst_ = std::max(worst_, score);
    least = std::min(least, score);
    candidates_.push_back(stay);
  }
  worst_ -= options_.beam_threshold;
  // A full beam of texts that all may stay.
  if (static_cast<int>(beam_.size()) == options_.beam) worst_ = std::max(worst_, least);
}

void CtcBeamDecoder::ExtendAll() {
  extended_.clear();
  for (size_t i = 0; i < beam_.size(); ++i) {
    for (const int token : frame_.tokens()) {
      if (token == scorer_.space()) {
        EndWord(static_cast<int32_t>(i));
      } else {
        Extend(static_cast<int32_t>(i), token);
      }
    }
  }
}

void CtcBeamDecoder::EndWord(int32_t rank) {
  const TextState& text = pool_[beam_[rank].node].text;
  if (text.letters == 0) return;
  const int endings = scorer_.Endings(text);
  for (int i = 0; i < endings; ++i) Extend(rank, scorer_.space(), scorer_.Ending(text, i));
}

void CtcBeamDecoder::Extend(int32_t rank, int token, WordId word) {
  const Entry& entry = beam_[rank];
  const PrefixNode& node = pool_[entry.node];
  // A letter said on is the same letter, unless there was a blank.
  const double before = token == node.token ? entry.blank : entry.total;
  if (before == kNever) return;
  const bool space = token == scorer_.space();
  const double mass = before + frame_[token];
  Candidate next;
  next.rank = rank;
  next.token = token;
  next.word = word;
  next.blank = space ? mass : kNever;
  next.letter = space ? kNever : mass;
  next.fresh = mass;
  next.node = pool_.FindChild(entry.node, token, word);
  if (next.node != PrefixNode::kNone) {
    if (const int32_t known = pool_[next.node].rank; known != PrefixNode::kNone) {
      double& known_mass = space ? candidates_[known].blank : candidates_[known].letter;
      known_mass = LogAdd(known_mass, mass);
      candidates_[known].fresh = mass;
      return;
    }
    next.score = mass + pool_[next.node].text.score();
    if (next.score >= worst_) candidates_.push_back(next);
    return;
  }
  if (mass + scorer_.Bound(node.text) < worst_ - kRounding) return;
  TextState text;
  if (!scorer_.Extend(node.text, token, &text, word)) return;
  next.score = mass + text.score();
  if (next.score < worst_) return;
  next.extended = static_cast<int32_t>(extended_.size());
  extended_.push_back(text);
  candidates_.push_back(next);
}

void CtcBeamDecoder::Select() {
  ranking_.clear();
  double best = kNever;
  for (size_t i = 0; i < candidates_.size(); ++i) {
    Candidate& candidate = candidates_[i];
    if (i < beam_.size()) {
      candidate.score =
          LogAdd(candidate.blank, candidate.letter) + pool_[candidate.node].text.score();
    }
    best = std::max(best, candidate.score);
    ranking_.push_back({candidate.score, static_cast<int32_t>(i)});
  }
  const auto better = [](const Ranked& a, const Ranked& b) {
    return a.score != b.score ? a.score > b.score : a.candidate < b.candidate;
  };
  std::sort(ranking_.begin(), ranking_.end(), better);

  next_.clear();
  for (size_t i = 0; i < ranking_.size() && ranking_[i].score >= best - options_.beam_threshold &&
                     static_cast<int>(next_.size()) < options_.beam;
       ++i) {
    const Candidate& candidate = candidates_[ranking_[i].candidate];
    if (Spare(candidate)) continue;
    ranking_[next_.size()] = ranking_[i];  // as beam_ will be
    int32_t node = candidate.node;
    if (node == PrefixNode::kNone) {
      node = pool_.Add(beam_[candidate.rank].node, candidate.token,
                       candidate.token != scorer_.space());
      pool_[node].text = extended_[candidate.extended];
    }
    pool_.Hold(node);
    Entry entry;
    entry.node = node;
    // Scores are kept near 0, whatever the length of the audio.
    entry.blank = candidate.blank == kNever ? kNever : candidate.blank - best;
    entry.letter = candidate.letter == kNever ? kNever : candidate.letter - best;
    entry.total = LogAdd(entry.blank, entry.letter);
    entry.score = candidate.score - best;
    next_.push_back(entry);
  }
  offset_ += best;
  for (const Entry& entry : beam_) LetGo(entry);
  beam_.swap(next_);
  NumberBeam();
  KeepTimes();
}

bool CtcBeamDecoder::SameFuture(const Candidate& a, const Candidate& b) const {
  const bool a_is_new = a.node == PrefixNode::kNone, b_is_new = b.node == PrefixNode::kNone;
  if ((a_is_new ? a.token : pool_[a.node].token) != (b_is_new ? b.token : pool_[b.node].token)) {
    return false;
  }
  const TextState& text = a_is_new ? extended_[a.extended] : pool_[a.node].text;
  const TextState& other = b_is_new ? extended_[b.extended] : pool_[b.node].text;
  if (!TextScorer::SameFuture(text, other)) return false;
  if (text.letters == 0 || text.in_lexicon) return true;
  return pool_.EndAlike(a_is_new ? beam_[a.rank].node : pool_[a.node].parent,
                        b_is_new ? beam_[b.rank].node : pool_[b.node].parent, text.letters - 1);
}

bool CtcBeamDecoder::Spare(const Candidate& candidate) const {
  int alike = 0;
  for (size_t i = 0; i < next_.size(); ++i) {
    if (SameFuture(candidate, candidates_[ranking_[i].candidate]) && ++alike == texts_) return true;
  }
  return false;
}

// A text was said when its better continuations say so, no more when it does.
bool CtcBeamDecoder::GoesOnBetter(const PrefixNode& node) const {
  for (int32_t child = node.first_child; child != PrefixNode::kNone;
       child = pool_[child].next_sibling) {
    if (pool_[child].rank != PrefixNode::kNone && pool_[child].rank < node.rank) return true;
  }
  return false;
}

void CtcBeamDecoder::KeepTimes() {
  const auto begins = [](const Candidate& candidate) {
    return candidate.fresh > LogAdd(candidate.blank, candidate.letter) - kLn2;
  };
  // Before the time of any letter changes.
  for (size_t i = 0; i < beam_.size(); ++i) {
    PrefixNode& node = pool_[beam_[i].node];
    if (!GoesOnBetter(node) && begins(candidates_[ranking_[i].candidate])) {
      node.before = pool_[node.parent].said;
    }
  }
  for (size_t i = 0; i < beam_.size(); ++i) {
    const Candidate& candidate = candidates_[ranking_[i].candidate];
    PrefixNode& node = pool_[beam_[i].node];
    if (GoesOnBetter(node)) continue;
    if (begins(candidate)) {
      node.said = {frame_.start(), frame_.end(), frame_[node.token]};
    } else if (candidate.letter > candidate.blank && node.said.end == frame_.start()) {
      node.said.end = frame_.end();
      node.said.peak = std::max(node.said.peak, frame_[node.token]);
    }
  }
}

void CtcBeamDecoder::NoticeChange() {
  const int32_t best = beam_.front().node;
  const int64_t id = WordsId(best);
  const WordId word = LastWord(best);
  if (id != best_words_id_ || word != best_last_word_) {
    best_words_id_ = id;
    best_last_word_ = word;
    ++changes_;
  }
  if (best == pool_.root()) {
    if (!decided_.empty()) last_letter_end_ = decided_.back().word.end;
    return;
  }
  const PrefixNode& node = pool_[best];
  last_letter_end_ = node.text.letters > 0 ? node.said.end : node.before.end;
}

void CtcBeamDecoder::MakeRoom() {
  DecideCommon();
  if (pool_.room() >= options_.beam) return;
  const int32_t boundary = pool_.LastBoundary(beam_.front().node);
  KeepFrom(boundary);
  if (boundary != pool_.root()) Decide(boundary);
  // Many texts that still agree on nothing.
  while (pool_.room() < options_.beam && beam_.size() > 1) {
    LetGo(beam_.back());
    beam_.pop_back();
  }
}

// Decides the words that all texts of the beam begin with.
void CtcBeamDecoder::DecideCommon() {
  const int32_t root = pool_.root();
  if (beam_.front().node == root || pool_[root].rank != PrefixNode::kNone) return;
  int32_t common = beam_.front().node;
  int32_t node = pool_[common].parent;
  for (; node != root; node = pool_[node].parent) {
    if (pool_[node].holds > 1) common = node;
  }
  if (pool_[root].holds > 2) return;  // the root's own hold and one child
  common = pool_.LastBoundary(common);
  if (common != root) Decide(common);
}

void CtcBeamDecoder::NumberBeam() {
  for (size_t i = 0; i < beam_.size(); ++i) {
    pool_[beam_[i].node].rank = static_cast<int32_t>(i);
  }
}

void CtcBeamDecoder::LetGo(const Entry& entry) {
  pool_[entry.node].rank = PrefixNode::kNone;
  pool_.Release(entry.node);
}

bool CtcBeamDecoder::NoneMayEnd() const {
  return std::none_of(beam_.begin(), beam_.end(), [this](const Entry& entry) {
    return scorer_.MayEnd(pool_[entry.node].text);
  });
}

void CtcBeamDecoder::GiveUpWord() {
  Entry best = beam_.front();
  best.node = pool_.LastBoundary(best.node);
  pool_.Hold(best.node);
  for (const Entry& entry : beam_) LetGo(entry);
  best.blank = best.total;
  best.letter = kNever;
  best.score = best.total + pool_[best.node].text.score();
  beam_.assign(1, best);
  NumberBeam();
}

template <typename Keep>
void CtcBeamDecoder::KeepOnly(const Keep& keep) {
  next_.clear();
  for (const Entry& entry : beam_) {
    if (keep(entry.node)) next_.push_back(entry);
  }
  // Not before all have been looked at: a node that is let go of is no text any more.
  for (const Entry& entry : beam_) {
    if (!keep(entry.node)) LetGo(entry);
  }
  beam_.swap(next_);
  NumberBeam();
}

void CtcBeamDecoder::KeepFrom(int32_t before) {
  KeepOnly([this, before](int32_t node) { return pool_.BeginsWith(node, before); });
}

void CtcBeamDecoder::DecideBest() {
  const int32_t boundary = pool_.LastBoundary(beam_.front().node);
  KeepOnly([this, boundary](int32_t node) { return pool_.LastBoundary(node) == boundary; });
  if (boundary != pool_.root()) Decide(boundary);
}

void CtcBeamDecoder::Decide(int32_t node) {
  AppendWords(node, kUnknownWord, &decided_);
  pool_.MakeRoot(node);
}

void CtcBeamDecoder::AddEnding(const Ending& ending, std::vector<Ending>* endings) const {
  for (Ending& other : *endings) {
    if (other.words_id != ending.words_id || other.word != ending.word) continue;
    other.score = LogAdd(other.score, ending.score);
    return;
  }
  endings->push_back(ending);
}

std::vector<Hypothesis> CtcBeamDecoder::ReadBest(std::vector<Ending>* endings, int n) const {
  std::vector<Hypothesis> best;
  for (const Ending& ending : *endings) {
    if (static_cast<int>(best.size()) == std::max(n, 1)) break;
    // Silence is no alternative to words.
    if (!best.empty() && ending.words_id == 0) continue;
    best.push_back(Read(ending.node, ending.word, ending.score + offset_));
  }
  return best;
}

std::vector<Hypothesis> CtcBeamDecoder::TakeNBest(int n) { return TakeAll(n, true); }

std::vector<Hypothesis> CtcBeamDecoder::TakeAll(int n, bool sentence_end) {
  std::vector<Ending> endings;
  for (size_t i = 0; i < beam_.size(); ++i) {
    const Entry& entry = beam_[i];
    const TextState& text = pool_[entry.node].text;
    const int words = text.letters == 0 ? 1 : scorer_.Endings(text);
    for (int k = 0; k < words; ++k) {
      Ending ending;
      ending.word = text.letters == 0 ? text.word : scorer_.Ending(text, k);
      if (!scorer_.FinishAs(text, ending.word, sentence_end, &ending.score, &ending.history)) {
        continue;
      }
      ending.score += entry.total;
      ending.node = entry.node;
      ending.words_id = WordsId(entry.node);
      ending.rank = static_cast<int32_t>(i);
      AddEnding(ending, &endings);
    }
  }
  if (endings.empty()) {  // every text ends in the middle of a word: the best one without that
    Ending ending;
    ending.node = pool_.LastBoundary(beam_.front().node);
    ending.words_id = WordsId(ending.node);
    ending.word = pool_[ending.node].text.word;
    ending.history = pool_[ending.node].text.history;
    endings.push_back(ending);
  }
  std::stable_sort(endings.begin(), endings.end(),
                   [](const Ending& a, const Ending& b) { return a.score > b.score; });
  std::vector<Hypothesis> taken = ReadBest(&endings, n);
  const Ending& best = endings.front();
  const Entry last = beam_[best.rank];
  // Spaces, like blanks, are not said on.
  const bool letter = pool_[last.node].text.letters > 0 || last.node == pool_.root();
  const int token = letter ? pool_[last.node].token : kBlank;
  if (!taken.front().words.empty()) {
    taken_until_ = last_letter_end_ = taken.front().words.back().end;
  }
  const LanguageModel::State history =
      sentence_end ? scorer_.SentenceStart() : LanguageModel::State(best.history);
  decided_.clear();
  Restart(token, last, history);
  return taken;
}

// A letter that is being said has been taken, however long it may go on.
void CtcBeamDecoder::Restart(int token, const Entry& last, const LanguageModel::State& history) {
  pool_.Clear(scorer_.Begin(history));
  const int32_t root = pool_.root();
  pool_[root].token = token;
  pool_[root].rank = 0;
  pool_.Hold(root);
  const double total = LogAdd(last.blank, last.letter);
  Entry entry;
  entry.node = root;
  entry.blank = token == kBlank ? 0 : last.blank == kNever ? kNever : last.blank - total;
  entry.letter = token == kBlank || last.letter == kNever ? kNever : last.letter - total;
  beam_.assign(1, entry);
  offset_ = 0;
  best_words_id_ = 0;
  best_last_word_ = kUnknownWord;
}

std::vector<Hypothesis> CtcBeamDecoder::TakeClosedNBest(int n) {
  const int32_t boundary = pool_.LastBoundary(beam_.front().node);
  const bool any_closed = !decided_.empty() || boundary != pool_.root();
  if (!any_closed) return TakeAll(n, false);
  std::vector<Ending> endings;
  for (const Entry& entry : beam_) {
    Ending ending;
    ending.node = pool_.LastBoundary(entry.node);
    ending.words_id = WordsId(ending.node);
    ending.word = pool_[ending.node].text.word;
    ending.score = entry.total + pool_[ending.node].text.score();
    AddEnding(ending, &endings);
  }
  // The words that the best text goes on from come first, whatever the others add up to.
  std::stable_sort(endings.begin() + 1, endings.end(),
                   [](const Ending& a, const Ending& b) { return a.score > b.score; });
  std::vector<Hypothesis> taken = ReadBest(&endings, n);
  KeepFrom(boundary);
  if (boundary != pool_.root()) Decide(boundary);
  taken_until_ = decided_.back().word.end;
  decided_.clear();
  pool_[boundary].words_id = 0;
  const int32_t best = beam_.front().node;
  best_words_id_ = WordsId(best);
  best_last_word_ = LastWord(best);
  return taken;
}

bool CtcBeamDecoder::SetHotWords(std::shared_ptr<const HotWords> hot_words) {
  // How closed words are spelled that only the hot words of before have.
  if (scorer_.by_phones()) DecideBest();
  scorer_.set_hot_words(std::move(hot_words));
  // All texts anew, each before those that go on from it.
  scorer_.ForgetHotWords(&pool_[pool_.root()].text);
  std::vector<int32_t> open{pool_.root()};
  while (!open.empty()) {
    const int32_t parent = open.back();
    open.pop_back();
    for (int32_t child = pool_[parent].first_child; child != PrefixNode::kNone;
         child = pool_[child].next_sibling) {
      scorer_.FollowHotWords(pool_[parent].text, pool_[child].token, &pool_[child].text);
      open.push_back(child);
    }
  }
  for (Entry& entry : beam_) entry.score = entry.total + pool_[entry.node].text.score();
  std::stable_sort(beam_.begin(), beam_.end(),
                   [](const Entry& a, const Entry& b) { return a.score > b.score; });
  NumberBeam();
  // A word begun that was a hot one only. The others are worse, so theirs are, too.
  if (scorer_.Hopeless(pool_[beam_.front().node].text)) GiveUpWord();
  NoticeChange();
  return true;
}

void CtcBeamDecoder::SaveWords(StateWriter& writer) const {
  const std::vector<int32_t> numbers = pool_.Save(scorer_, writer);
  writer.Write<uint64_t>(beam_.size());
  for (const Entry& entry : beam_) {
    writer.Write(numbers[entry.node]);
    writer.Write(entry.blank);
    writer.Write(entry.letter);
    writer.Write(entry.total);
    writer.Write(entry.score);
  }
  writer.Write(offset_);
  writer.Write(frames_);
  writer.Write(best_words_id_);
  writer.Write(best_last_word_);
  rill::Save(decided_, writer);
  writer.Write(taken_until_);
}

void CtcBeamDecoder::LoadWords(StateReader& reader) {
  constexpr double kMost = 1e9;
  pool_.Load(scorer_, static_cast<int>(tokens_->size()), reader);
  const size_t size = reader.ReadCount(static_cast<size_t>(options_.beam), "beam");
  reader.Require(size > 0, "beam");
  beam_.clear();
  while (beam_.size() < size && reader.ok()) {
    Entry entry;
    entry.node = reader.ReadIn<int32_t>(0, pool_.nodes() - 1, "text of the beam");
    entry.blank = reader.ReadIn(kNever, kMost, "probability of the beam");
    entry.letter = reader.ReadIn(kNever, kMost, "probability of the beam");
    entry.total = reader.ReadIn(kNever, kMost, "probability of the beam");
    entry.score = reader.ReadIn(2 * kNever, -kNever, "score of the beam");
    reader.Require(pool_[entry.node].rank == PrefixNode::kNone, "text that is twice in the beam");
    pool_[entry.node].rank = static_cast<int32_t>(beam_.size());
    pool_.Hold(entry.node);
    beam_.push_back(entry);
  }
  if (beam_.empty()) return;
  reader.Require(pool_.AllHeld(), "text that nothing needs");
  offset_ = reader.ReadIn(kNever, -kNever, "offset of the beam");
  frames_ = reader.ReadTime();
  best_words_id_ = reader.Read<int64_t>();
  best_last_word_ = reader.Read<WordId>();
  decided_ = LoadCountedWords(reader);
  taken_until_ = reader.ReadTime();
}

size_t CtcBeamDecoder::bytes() const {
  return pool_.bytes() + (beam_.capacity() + next_.capacity()) * sizeof(Entry) + frame_.bytes() +
         candidates_.capacity() * sizeof(Candidate) + extended_.capacity() * sizeof(TextState) +
         ranking_.capacity() * sizeof(Ranked);
}

// Vectors may hold twice what they need.
size_t CtcBeamDecoder::MaxBytes(const BeamOptions& options, int vocabulary) {
  const size_t beam = static_cast<size_t>(options.beam), tokens = static_cast<size_t>(vocabulary);
  return PrefixPool::MaxBytes(PoolCapacity(options)) + 4 * beam * sizeof(Entry) +
         CtcFrame::MaxBytes(vocabulary) +
         2 * beam * (tokens + TextScorer::kMaxEndings) *
             (sizeof(Candidate) + sizeof(TextState) + sizeof(Ranked));
}

}  // namespace rill
