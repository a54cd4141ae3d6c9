#include "client/cli/control_lines.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "client/audio/stoppable_read.h"
#include "client/cli/hot_word.h"

namespace rill::client {
namespace {

constexpr size_t kReadBytes = 4096;
constexpr size_t kQuotedBytes = 60;  // of a line that is not understood

absl::StatusOr<v1::HotWords> ParseHotWords(absl::string_view phrases) {
  v1::HotWords words;
  for (absl::string_view phrase : absl::StrSplit(phrases, ',', absl::SkipWhitespace())) {
    auto word = ParseHotWord(absl::StripAsciiWhitespace(phrase));
    if (!word.ok()) return word.status();
    *words.add_hot_words() = *std::move(word);
  }
  return words;
}

}  // namespace

std::optional<absl::StatusOr<ControlLines::Request>> ControlLines::Next() {
  while (auto line = NextLine()) {
    if (!line->ok()) return line->status();
    const std::string stripped(absl::StripAsciiWhitespace(**line));
    if (!stripped.empty()) return Parse(stripped);
  }
  return std::nullopt;
}

std::optional<absl::StatusOr<std::string>> ControlLines::NextLine() {
  size_t end;
  while ((end = unread_.find('\n')) == std::string::npos && !over_) {
    absl::StatusOr<std::string> bytes = StoppableRead(fd_, kReadBytes, *stop_);
    over_ = !bytes.ok() || bytes->empty();
    if (!bytes.ok()) {
      return absl::UnknownError(
          absl::StrCat("cannot read standard input: ", bytes.status().message()));
    }
    unread_ += *bytes;
  }
  if (*stop_ || unread_.empty()) return std::nullopt;
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end == std::string::npos ? end : end + 1);
  return line;
}

absl::StatusOr<ControlLines::Request> ControlLines::Parse(const std::string& line) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(line, absl::MaxSplits(absl::ByAnyChar(" \t"), 1));
  const auto [verb, rest] = parts;
  Request request;
  if (verb == "flush" && rest.empty()) {
    request.mutable_flush()->set_id(++flushes_);
    return request;
  }
  if (verb == "hot-words") {
    auto words = ParseHotWords(rest);
    if (!words.ok()) return words.status();
    *request.mutable_hot_words() = *std::move(words);
    return request;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      line.substr(0, kQuotedBytes), ": is neither flush nor hot-words PHRASE[=BOOST], ..."));
}

}  // namespace rill::client
