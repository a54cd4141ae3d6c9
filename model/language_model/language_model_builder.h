// Turns an ARPA file into the binary form that LanguageModel reads in place. Pure function; any
// thread. Memory: about 32 bytes an n-gram, and the file that it makes.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "model/language_model/arpa_reader.h"
#include "model/language_model/file_layout.h"

namespace rill {

// What rounding to a byte does to the log10 figures of an order, over its n-grams.
struct QuantizationLoss {
  double mean = 0, max = 0;  // absolute
};

struct LmBuildReport {
  LmCounts counts;
  uint64_t bytes = 0;
  uint64_t other_words = 0;  // that the dictionary added
  uint64_t unheard = 0;      // words without a pronunciation, which are not in the lexicon
  std::array<QuantizationLoss, kMaxNgramOrder> log_probs, back_offs;  // order 1 is kept as it is
};

// `pronunciations_path`: a dictionary as Pronunciations reads it; words are then made of phones.
// Empty: of letters. `progress` is told 0..1 now and then; may be null. The file appears under its
// name only when it is whole. InvalidArgument naming the file, and the line or the n-gram, if the
// ARPA file is at fault: words of an n-gram that are no 1-grams, an n-gram twice, no <s> or </s>.
// An n-gram without its first words' (n-1)-gram gets it (see NgramTables). With pronunciations:
// errors of their file, words that are not UTF-8, none that has a pronunciation. `other_words`, in
// (kZeroLog10, 0], which wants pronunciations: the log10 probability of each word that is there and
// not in the ARPA file; without it such words are left out.
absl::StatusOr<LmBuildReport> BuildLanguageModel(const std::string& arpa_path,
                                                 const std::string& output_path,
                                                 const std::function<void(double)>& progress,
                                                 const std::string& pronunciations_path = "",
                                                 std::optional<float> other_words = std::nullopt);

}  // namespace rill
