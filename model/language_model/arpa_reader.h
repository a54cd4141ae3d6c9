// Reads an n-gram language model in ARPA form, plain or gzipped, one n-gram at a time: the file is
// never held in memory. Orders 1 to 5. Probabilities and back-off weights are log10, as in the
// file. Used by one thread at a time.
//
//   "\data\"
//   "ngram 1=3"
//   "ngram 2=2"
//   "\1-grams:"
//   "-0.9  hello  -0.3"      log10 probability, words, back-off weight (may be left out)
//   ...
//   "\end\"
//
// Lines before \data\ are passed over; the highest orders may have a count of 0, and then do not
// count; "-inf" is read as kZeroLog10.
//
// Format: ARPA back-off n-gram files as SRILM's ngram-format(5) describes them. Every error is
// InvalidArgument (or the system's for the file itself) and begins "FILE:LINE: ".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/language_model/text_file.h"

namespace rill {

inline constexpr int kMaxNgramOrder = 5;
inline constexpr size_t kMaxWordBytes = 255;
// Of probabilities and back-off weights: beyond it, sums along a sentence would lose their
// fractions.
inline constexpr float kMaxLog10 = 1000;
inline constexpr float kZeroLog10 = -99;  // as toolkits write a probability of 0

struct ArpaNgram {
  // [order]; they stay valid until the next call of Next.
  std::vector<std::string_view> words;
  float log_prob = 0;  // log10, <= 0
  float back_off = 0;  // log10; 0 if left out
  int order() const { return static_cast<int>(words.size()); }
};

class ArpaReader {
 public:
  // Reads the head, "\data\" to the first empty section.
  static absl::StatusOr<std::unique_ptr<ArpaReader>> Open(const std::string& path);

  int order() const { return static_cast<int>(counts_.size()); }
  const std::vector<uint64_t>& counts() const { return counts_; }  // [order]: n-grams

  // The next n-gram, order by order as they stand; false after "\end\". The number of n-grams of
  // each order has been held against the head.
  absl::StatusOr<bool> Next(ArpaNgram* ngram);

  // An error at the line just read, for what only a caller can know to be wrong.
  absl::Status ErrorHere(absl::string_view problem) const { return file_->ErrorHere(problem); }
  double done() const { return file_->done(); }  // 0..1 of the file's bytes

 private:
  explicit ArpaReader(std::unique_ptr<TextFile> file) : file_(std::move(file)) {}

  absl::Status ReadHead();
  absl::Status ReadCount(std::string_view line);
  // The next line that is not empty; false at the end of the file.
  absl::StatusOr<bool> NextLine(std::string_view* line);
  absl::Status EnterSection(std::string_view line);
  absl::Status ParseNgram(std::string_view line, ArpaNgram* ngram);
  uint64_t count() const { return section_ <= order() ? counts_[section_ - 1] : 0; }

  const std::unique_ptr<TextFile> file_;
  std::vector<uint64_t> counts_;
  int declared_ = 0;   // orders that have a count, be it 0
  int section_ = 0;    // order of the n-grams being read
  uint64_t seen_ = 0;  // of this section
  bool ended_ = false;
  std::vector<std::string_view> fields_;
};

}  // namespace rill
