#include "model/language_model/file_layout.h"

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/file/sha256.h"
#include "model/language_model/codebook.h"
#include "model/language_model/packed_ints.h"
#include "model/language_model/pronunciations.h"

namespace rill {
namespace {

constexpr size_t kVersionOffset = 72, kOrderOffset = 76, kCountsOffset = 80, kNodesOffset = 120,
                 kBytesOffset = 128, kPhonesOffset = 136, kSpellingBytesOffset = 140;
constexpr size_t kHashDigits = 64;

// Sections one after the other.
class Cursor {
 public:
  uint64_t Take(uint64_t count, uint64_t width) {
    const uint64_t begin = at_;
    at_ = (at_ + count * width + 4 + 63) / 64 * 64;
    return begin;
  }
  uint64_t at() const { return at_; }

 private:
  uint64_t at_ = kHeaderBytes;
};

template <typename T>
T Load(absl::Span<const uint8_t> file, size_t offset) {
  T value;
  std::memcpy(&value, file.data() + offset, sizeof(value));
  return value;
}

template <typename T>
void Store(absl::Span<uint8_t> file, size_t offset, T value) {
  std::memcpy(file.data() + offset, &value, sizeof(value));
}

absl::Status HeaderError(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("header: ", field, ": ", problem));
}

absl::Status CheckCounts(const LmCounts& counts) {
  for (int i = 0; i < kMaxNgramOrder; ++i) {
    const uint64_t min = i < counts.order ? 1 : 0;
    const uint64_t max = i >= counts.order ? 0 : i == 0 ? kMaxWords : kMaxEntries;
    if (counts.ngrams[i] < min || counts.ngrams[i] > max) {
      return HeaderError(absl::StrCat("number of ", i + 1, "-grams"),
                         absl::StrCat(counts.ngrams[i], " is not between ", min, " and ", max));
    }
  }
  if (counts.lexicon_nodes < 1 || counts.lexicon_nodes > kMaxEntries) {
    return HeaderError("nodes of the lexicon",
                       absl::StrCat(counts.lexicon_nodes, " is not between 1 and ", kMaxEntries));
  }
  return absl::OkStatus();
}

}  // namespace

LmLayout::LmLayout(const LmCounts& counts) {
  Cursor cursor;
  word_width = WidthFor(counts.ngrams[0] - 1);
  for (int i = 0; i < counts.order; ++i) {
    Order& at = orders[i];
    const uint64_t count = counts.ngrams[i];
    const bool goes_on = i + 1 < counts.order;
    const uint64_t value_width = i == 0 ? sizeof(float) : 1;
    if (i > 0) at.words = cursor.Take(count, word_width);
    at.log_probs = cursor.Take(count, value_width);
    if (goes_on) {
      at.back_offs = cursor.Take(count, value_width);
      at.firsts_width = WidthFor(counts.ngrams[i + 1]);
      at.firsts = cursor.Take(count + 1, at.firsts_width);
    }
    if (i > 0) {
      at.log_prob_codes = cursor.Take(kCodes, sizeof(float));
      at.back_off_codes = cursor.Take(kCodes, sizeof(float));
    }
  }
  letters = cursor.Take(counts.lexicon_nodes, 1);
  children_width = WidthFor(counts.lexicon_nodes);
  children = cursor.Take(counts.lexicon_nodes + 1, children_width);
  node_words = cursor.Take(counts.lexicon_nodes, word_width);
  best = cursor.Take(counts.lexicon_nodes, sizeof(float));
  if (counts.phones > 0) {
    phone_names = cursor.Take(counts.phones, kMaxPhoneBytes);
    spelling_firsts_width = WidthFor(counts.spelling_bytes);
    spelling_firsts = cursor.Take(counts.ngrams[0] + 1, spelling_firsts_width);
    spellings = cursor.Take(counts.spelling_bytes, 1);
  }
  total = cursor.at();
}

absl::StatusOr<LmCounts> ReadLmHeader(absl::Span<const uint8_t> file) {
  if (file.size() < kHeaderBytes || std::memcmp(file.data(), kLmMagic, kHashOffset) != 0) {
    return HeaderError("magic",
                       "this is no language model of rill; make one from an ARPA file with "
                       "`rill-lm build`");
  }
  const auto version = Load<uint32_t>(file, kVersionOffset);
  if (version != kLettersVersion && version != kPhonesVersion) {
    return HeaderError("version",
                       absl::StrCat(version, " is not ", kLettersVersion, " or ", kPhonesVersion,
                                    "; build the file anew from its ARPA file"));
  }
  const auto order = Load<uint32_t>(file, kOrderOffset);
  if (order < 1 || order > kMaxNgramOrder) {
    return HeaderError("order", absl::StrCat(order, " is not between 1 and ", kMaxNgramOrder));
  }
  LmCounts counts;
  counts.order = static_cast<int>(order);
  for (int i = 0; i < kMaxNgramOrder; ++i) {
    counts.ngrams[i] = Load<uint64_t>(file, kCountsOffset + 8 * i);
  }
  counts.lexicon_nodes = Load<uint64_t>(file, kNodesOffset);
  if (version == kPhonesVersion) {
    counts.phones = Load<uint32_t>(file, kPhonesOffset);
    counts.spelling_bytes = Load<uint32_t>(file, kSpellingBytesOffset);
    if (counts.phones < 1 || counts.phones > kMaxPhones) {
      return HeaderError("number of phones",
                         absl::StrCat(counts.phones, " is not between 1 and ", kMaxPhones));
    }
  }
  if (absl::Status status = CheckCounts(counts); !status.ok()) return status;
  const auto bytes = Load<uint64_t>(file, kBytesOffset);
  const uint64_t needed = LmLayout(counts).total;
  if (bytes != needed) {
    return HeaderError("bytes", absl::StrCat(bytes, ", but the counts need ", needed));
  }
  if (bytes != file.size()) {
    return HeaderError("bytes", absl::StrCat(bytes, ", but the file has ", file.size(),
                                             "; was it cut short while copying?"));
  }
  const size_t used =
      version == kPhonesVersion ? kSpellingBytesOffset + sizeof(uint32_t) : kPhonesOffset;
  for (size_t i = used; i < kHeaderBytes; ++i) {
    if (file[i] != 0) return HeaderError("unused bytes", "are not zero");
  }
  const std::string stored(reinterpret_cast<const char*>(file.data()) + kHashOffset, kHashDigits);
  if (stored != Sha256Hex(file.subspan(kHashedFrom))) {
    return HeaderError("hash", "does not fit the file's bytes; it is damaged");
  }
  return counts;
}

void WriteLmHeader(const LmCounts& counts, absl::Span<uint8_t> file) {
  std::memset(file.data(), 0, kHeaderBytes);
  std::memcpy(file.data(), kLmMagic, kHashOffset);
  Store(file, kVersionOffset, counts.version());
  Store(file, kOrderOffset, static_cast<uint32_t>(counts.order));
  for (int i = 0; i < kMaxNgramOrder; ++i) Store(file, kCountsOffset + 8 * i, counts.ngrams[i]);
  Store(file, kNodesOffset, counts.lexicon_nodes);
  Store(file, kBytesOffset, uint64_t{file.size()});
  Store(file, kPhonesOffset, counts.phones);
  Store(file, kSpellingBytesOffset, counts.spelling_bytes);
  const std::string hash = Sha256Hex(file.subspan(kHashedFrom));
  std::memcpy(file.data() + kHashOffset, hash.data(), kHashDigits);
}

}  // namespace rill
