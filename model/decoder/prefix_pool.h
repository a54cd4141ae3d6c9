// The texts of a beam as a tree of letters: each text is the path from the root to its node, so
// what texts share is stored once. A node lives as long as it is in the beam or has a child; nodes
// are used again, and the pool grows no further than its capacity. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "model/decoder/text_scorer.h"

namespace rill {

// When a letter was said, in samples, and its highest log-probability meanwhile.
struct Said {
  int64_t start = 0, end = 0;
  float peak = 0;
};

struct PrefixNode {
  static constexpr int32_t kNone = -1;

  int32_t parent = kNone, first_child = kNone, next_sibling = kNone;
  int32_t holds = 0;     // children, and one if it is in the beam or the root
  int32_t rank = kNone;  // in the beam
  int token = 0;         // the last of the text; 0: none
  // Names the words of the text: that of the node of their last letter; 0: no words. Never used
  // again.
  int64_t words_id = 0;
  Said said;    // the last token
  Said before;  // the one before it, as it was known when the last one was said
  TextState text;
};

class PrefixPool {
 public:
  explicit PrefixPool(int capacity) : capacity_(capacity) {}

  // All nodes are free, but for a new root with this text.
  void Clear(const TextState& text);

  // A child of `parent`; held by nobody yet. There must be room().
  int32_t Add(int32_t parent, int token, bool letter);
  // The child by this token, and if that ends a word, by which; kNone if there is none.
  int32_t FindChild(int32_t parent, int token, WordId word) const;

  void Hold(int32_t node) { ++nodes_[node].holds; }
  // Frees the node, and those before it, as far as nothing holds them any more.
  void Release(int32_t node);
  // All nodes. Returns what Load will number them: [node], kNone for free ones.
  std::vector<int32_t> Save(const TextScorer& scorer, StateWriter& writer) const;
  // Into any pool of the same capacity. The nodes hold each other, as the root does itself;
  // whatever else held them must do so again.
  void Load(const TextScorer& scorer, int vocabulary, StateReader& reader);
  // Whether every node is held.
  bool AllHeld() const;

  // The longest text that `node` begins with, or is, in which no word is open.
  int32_t LastBoundary(int32_t node) const;
  // Whether the text of `node` begins with that of `before`, or is that.
  bool BeginsWith(int32_t node, int32_t before) const;
  // Whether the last `count` tokens of both are the same. Neither text is shorter.
  bool EndAlike(int32_t a, int32_t b, int count) const;

  // Makes a node below the root the root. What is between them must be held by nothing else.
  void MakeRoot(int32_t node);

  PrefixNode& operator[](int32_t node) { return nodes_[node]; }
  const PrefixNode& operator[](int32_t node) const { return nodes_[node]; }
  int32_t root() const { return root_; }
  int room() const { return capacity_ - used_; }
  int capacity() const { return capacity_; }  // node numbers are below
  int nodes() const { return static_cast<int>(nodes_.size()); }
  // Of a pool of this capacity at most.
  static size_t MaxBytes(int capacity) {
    return static_cast<size_t>(capacity) * (sizeof(PrefixNode) + sizeof(int32_t));
  }
  size_t bytes() const {
    return nodes_.capacity() * sizeof(PrefixNode) + free_.capacity() * sizeof(int32_t);
  }

 private:
  int32_t New();
  void Link(int32_t parent, int32_t node);

  const int capacity_;
  int used_ = 0;
  std::vector<PrefixNode> nodes_;
  std::vector<int32_t> free_;
  int32_t root_ = PrefixNode::kNone;
  int64_t last_id_ = 0;
};

}  // namespace rill
