// Subtitles from recognised words, as SubRip (.srt) or WebVTT (.vtt). Pure functions; any thread.
//
// A cue is at most `lines` lines of `columns` characters and max_ms long, is cut at pauses and
// between utterances, and never overlaps the next one. Every word is shown once, in order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rill/v1/rill.pb.h"

namespace rill::client {

struct CueRules {
  int columns = 42;
  int lines = 2;  // 1 or 2
  int64_t max_ms = 7000;
  int64_t min_ms = 1000;   // shown at least this long, if the next cue leaves room
  int64_t pause_ms = 600;  // a pause this long between words begins a new cue
};

struct Cue {
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  std::vector<std::string> lines;
};

// Results without words (word_times not asked for) have their time shared out among the words of
// their text.
std::vector<Cue> MakeCues(const std::vector<v1::Result>& results, const CueRules& rules = {});

std::string FormatSrt(const std::vector<Cue>& cues);
std::string FormatVtt(const std::vector<Cue>& cues);

}  // namespace rill::client
