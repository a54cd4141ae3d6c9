// Small language models for tests.
#pragma once

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace rill {

inline void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Random n-grams over `words`, <s>, </s> and <unk>: some histories have no continuation, some
// suffixes are missing, some back-off weights are left out, as pruning leaves them. `interpolated`:
// no n-gram is less likely than its back-off.
inline std::string RandomArpa(const std::vector<std::string>& words, int order, uint32_t seed,
                              bool interpolated = false) {
  std::mt19937 random(seed);
  const auto number = [&random](double low, double high) {
    const double value = std::uniform_real_distribution<double>(low, high)(random);
    return std::to_string(value).substr(0, value < 0 ? 6 : 5);
  };
  std::vector<std::string> vocabulary = {"<unk>", "<s>", "</s>"};
  vocabulary.insert(vocabulary.end(), words.begin(), words.end());
  std::vector<std::vector<std::string>> tables{vocabulary};
  for (int i = 1; i < order; ++i) {
    std::set<std::string> longer;
    for (const std::string& ngram : tables.back()) {
      for (const std::string& word : vocabulary) {
        const bool follows = word != "<s>" && word != "<unk>";
        if (follows && random() % 3 == 0) longer.insert(ngram + " " + word);
      }
    }
    if (longer.empty()) longer.insert(tables.back().front() + " " + words[0]);
    tables.emplace_back(longer.begin(), longer.end());
    if (tables.back().size() > 400) tables.back().resize(400);
  }
  std::string text = "\\data\\\n";
  for (int i = 0; i < order; ++i) {
    text.append("ngram ").append(std::to_string(i + 1)).append("=");
    text.append(std::to_string(tables[i].size())).append("\n");
  }
  for (int i = 0; i < order; ++i) {
    text.append("\n\\").append(std::to_string(i + 1)).append("-grams:\n");
    std::shuffle(tables[i].begin(), tables[i].end(), random);
    for (const std::string& ngram : tables[i]) {
      text += number(-4, -0.1) + "\t" + ngram;
      if (i + 1 < order && interpolated) {
        text += "\t" + number(-6, -4);
      } else if (i + 1 < order && random() % 4 != 0) {
        text += "\t" + number(-2, 0.5);
      }
      text += "\n";
    }
  }
  return text + "\n\\end\\\n";
}

// Phones for some of the words, at least the first: few different ones, so that many words sound
// alike or begin alike.
inline std::string RandomDictionary(const std::vector<std::string>& words, uint32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty() && random() % 6 == 0) continue;
    text += word;
    for (int phones = 1 + random() % 3; phones > 0; --phones) {
      text += random() % 2 == 0 ? " AH0" : " B";
    }
    text += "\n";
  }
  return text;
}

}  // namespace rill
