#include "client/text/live_caption.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/text/timestamp.h"
#include "client/text/utf8.h"

namespace rill::client {
namespace {

constexpr char kClearLine[] = "\r\x1b[K";

}  // namespace

std::string FormatResultLine(const v1::Result& result) {
  return absl::StrCat("[", FormatTimestamp(result.start_ms()), " --> ",
                      FormatTimestamp(result.end_ms()), "] ", Printable(result.text()));
}

std::string FormatSpeechEvent(const v1::SpeechEvent& event) {
  const bool starts = event.type() == v1::SpeechEvent::SPEECH_START;
  return absl::StrCat("[", FormatTimestamp(event.time_ms()), "] speech ",
                      starts ? "starts" : "ends");
}

LiveCaption::LiveCaption(std::ostream* out, std::function<int()> columns)
    : out_(out), columns_(std::move(columns)) {}

LiveCaption::~LiveCaption() {
  if (line_open_) *out_ << kClearLine << std::flush;
}

void LiveCaption::Show(const v1::SpeechEvent& event) {
  if (line_open_) *out_ << kClearLine;
  line_open_ = false;
  *out_ << FormatSpeechEvent(event) << std::endl;
}

void LiveCaption::Show(const v1::Result& result) {
  if (line_open_) *out_ << kClearLine;
  line_open_ = !result.is_final();
  if (result.is_final()) {
    if (!result.text().empty()) *out_ << FormatResultLine(result) << "\n";
  } else {
    // The last column stays free: some terminals wrap when it is written.
    *out_ << KeepEnd(Printable(result.text()), std::max(1, columns_() - 1));
  }
  *out_ << std::flush;
}

}  // namespace rill::client
