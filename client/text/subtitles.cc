#include "client/text/subtitles.h"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/text/timestamp.h"
#include "client/text/utf8.h"

namespace rill::client {
namespace {

struct TimedWord {
  std::string text;
  int columns;
  int64_t start_ms;
  int64_t end_ms;
};

// Appends `text`, cut into pieces that fit a line, with its time shared out by length.
void AddWord(const std::string& text, int64_t start_ms, int64_t end_ms, int max_columns,
             std::vector<TimedWord>* words) {
  const std::string printable = Printable(text);
  const int total = Columns(printable);
  end_ms = std::max(start_ms, end_ms);
  auto time = [&](int columns) {
    return total == 0 ? start_ms : start_ms + (end_ms - start_ms) * columns / total;
  };
  std::vector<char32_t> piece;
  int piece_columns = 0, done = 0;
  auto flush = [&] {
    if (piece.empty()) return;
    words->push_back({EncodeUtf8(piece), piece_columns, time(done), time(done + piece_columns)});
    done += piece_columns;
    piece.clear();
    piece_columns = 0;
  };
  for (char32_t c : DecodeUtf8(printable)) {
    if (piece_columns + Columns(c) > max_columns) flush();
    piece.push_back(c);
    piece_columns += Columns(c);
  }
  flush();
}

std::vector<TimedWord> WordsOf(const v1::Result& result, int max_columns) {
  std::vector<TimedWord> words;
  for (const v1::Word& word : result.words()) {
    AddWord(word.text(), word.start_ms(), word.end_ms(), max_columns, &words);
  }
  if (!words.empty()) return words;
  const std::vector<std::string> texts = absl::StrSplit(result.text(), ' ', absl::SkipEmpty());
  int64_t characters = 0, done = 0;
  for (const std::string& text : texts) characters += text.size();
  const int64_t length = std::max<int64_t>(0, result.end_ms() - result.start_ms());
  for (const std::string& text : texts) {
    const int64_t start = result.start_ms() + length * done / characters;
    done += text.size();
    AddWord(text, start, result.start_ms() + length * done / characters, max_columns, &words);
  }
  return words;
}

std::string Join(std::span<const TimedWord> words) {
  return absl::StrJoin(
      words, " ", [](std::string* out, const TimedWord& word) { absl::StrAppend(out, word.text); });
}

int JoinedColumns(std::span<const TimedWord> words) {
  int columns = words.empty() ? 0 : static_cast<int>(words.size()) - 1;
  for (const TimedWord& word : words) columns += word.columns;
  return columns;
}

// One line, or the two most even ones; nothing if they do not fit.
std::vector<std::string> BreakLines(std::span<const TimedWord> words, const CueRules& rules) {
  const int total = JoinedColumns(words);
  if (total <= rules.columns) return {Join(words)};
  if (rules.lines < 2) return {};
  size_t best = 0;
  int best_width = rules.columns + 1, first = 0;
  for (size_t i = 1; i < words.size(); ++i) {
    first += words[i - 1].columns + (i > 1);
    const int width = std::max(first, total - first - 1);
    if (width < best_width) {
      best = i;
      best_width = width;
    }
  }
  if (best == 0) return {};
  return {Join(words.first(best)), Join(words.subspan(best))};
}

int64_t Gap(std::span<const TimedWord> words, size_t i) {
  return words[i].start_ms - words[i - 1].end_ms;
}

// Where to cut what is too long for one cue: at a pause, if there is one not too near the ends,
// else near the middle.
size_t CutPoint(std::span<const TimedWord> words) {
  constexpr int64_t kUnevenness = 500;  // ms of pause that outweigh a cut at the very end
  const int total = JoinedColumns(words);
  size_t best = 1;
  int64_t best_score = INT64_MIN;
  int before = 0;
  for (size_t i = 1; i < words.size(); ++i) {
    before += words[i - 1].columns + 1;
    const int64_t score = Gap(words, i) - kUnevenness * std::abs(2 * before - total) / total;
    if (score > best_score) {
      best = i;
      best_score = score;
    }
  }
  return best;
}

void AddCues(std::span<const TimedWord> words, const CueRules& rules, std::vector<Cue>* cues) {
  const int64_t start = words.front().start_ms, end = words.back().end_ms;
  std::vector<std::string> lines = BreakLines(words, rules);
  if (words.size() > 1 && (lines.empty() || end - start > rules.max_ms)) {
    const size_t cut = CutPoint(words);
    AddCues(words.first(cut), rules, cues);
    AddCues(words.subspan(cut), rules, cues);
    return;
  }
  cues->push_back({start, std::min(end, start + rules.max_ms), std::move(lines)});
}

}  // namespace

std::vector<Cue> MakeCues(const std::vector<v1::Result>& results, const CueRules& rules) {
  std::vector<Cue> cues;
  for (const v1::Result& result : results) {
    const std::vector<TimedWord> words = WordsOf(result, rules.columns);
    for (size_t first = 0, i = 1; i <= words.size(); ++i) {
      if (i < words.size() && Gap(words, i) < rules.pause_ms) continue;
      AddCues(std::span(words).subspan(first, i - first), rules, &cues);
      first = i;
    }
  }
  for (size_t i = 0; i < cues.size(); ++i) {
    Cue& cue = cues[i];
    if (i > 0) cue.start_ms = std::max(cue.start_ms, cues[i - 1].end_ms);
    cue.end_ms = std::max(cue.end_ms, cue.start_ms + rules.min_ms);
    if (i + 1 < cues.size()) {
      cue.end_ms = std::max(cue.start_ms, std::min(cue.end_ms, cues[i + 1].start_ms));
    }
  }
  return cues;
}

std::string FormatSrt(const std::vector<Cue>& cues) {
  std::string text;
  for (size_t i = 0; i < cues.size(); ++i) {
    absl::StrAppend(&text, i + 1, "\n", FormatTimestamp(cues[i].start_ms, ','), " --> ",
                    FormatTimestamp(cues[i].end_ms, ','), "\n", absl::StrJoin(cues[i].lines, "\n"),
                    "\n\n");
  }
  return text;
}

std::string FormatVtt(const std::vector<Cue>& cues) {
  std::string text = "WEBVTT\n\n";
  for (const Cue& cue : cues) {
    absl::StrAppend(&text, FormatTimestamp(cue.start_ms), " --> ", FormatTimestamp(cue.end_ms),
                    "\n",
                    absl::StrReplaceAll(absl::StrJoin(cue.lines, "\n"),
                                        {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}}),
                    "\n\n");
  }
  return text;
}

}  // namespace rill::client
