// A trie of token sequences, built once and then only walked. Nodes are numbered in the order in
// which they were added, so a node's number is above its parent's. Immutable while it is walked.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace rill {

class TokenTrie {
 public:
  static constexpr int32_t kRoot = 0;
  static constexpr int32_t kNone = -1;

  // The node where `tokens` end.
  int32_t Add(absl::Span<const int> tokens);

  int32_t Child(int32_t node, int token) const;  // kNone if there is none, or if `node` is kNone
  int32_t parent(int32_t node) const { return nodes_[node].parent; }
  int token(int32_t node) const { return nodes_[node].token; }  // that leads to it
  int32_t size() const { return static_cast<int32_t>(nodes_.size()); }
  size_t bytes() const { return nodes_.capacity() * sizeof(Node); }

 private:
  struct Node {
    int token = 0;
    int32_t parent = kNone, first_child = kNone, next_sibling = kNone;
  };
  std::vector<Node> nodes_{1};
};

}  // namespace rill
