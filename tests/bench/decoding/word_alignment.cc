#include "tests/bench/decoding/word_alignment.h"

#include <algorithm>
#include <sstream>

namespace rill {

std::vector<std::string> SplitWords(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::vector<AlignedWord> AlignWords(const std::vector<std::string>& reference,
                                    const std::vector<std::string>& heard) {
  const size_t rows = heard.size() + 1, columns = reference.size() + 1;
  std::vector<int> cost(rows * columns);
  const auto at = [&](size_t row, size_t column) -> int& { return cost[row * columns + column]; };
  for (size_t i = 0; i < rows; ++i) at(i, 0) = static_cast<int>(i);
  for (size_t j = 0; j < columns; ++j) at(0, j) = static_cast<int>(j);
  for (size_t i = 1; i < rows; ++i) {
    for (size_t j = 1; j < columns; ++j) {
      const int wrong = heard[i - 1] == reference[j - 1] ? 0 : 1;
      at(i, j) = std::min({at(i - 1, j - 1) + wrong, at(i - 1, j) + 1, at(i, j - 1) + 1});
    }
  }
  std::vector<AlignedWord> aligned(heard.size());
  size_t j = reference.size();
  for (size_t i = heard.size(); i > 0;) {
    const bool correct = j > 0 && heard[i - 1] == reference[j - 1];
    if (j > 0 && at(i, j) == at(i - 1, j - 1) + (correct ? 0 : 1)) {
      aligned[--i] = {static_cast<int>(--j), correct};
    } else if (at(i, j) == at(i - 1, j) + 1) {
      --i;
    } else {
      --j;
    }
  }
  return aligned;
}

}  // namespace rill
