#include "model/decoder/token_trie.h"

namespace rill {

int32_t TokenTrie::Child(int32_t node, int token) const {
  if (node == kNone) return kNone;
  int32_t child = nodes_[node].first_child;
  while (child != kNone && nodes_[child].token != token) child = nodes_[child].next_sibling;
  return child;
}

int32_t TokenTrie::Add(absl::Span<const int> tokens) {
  int32_t node = kRoot;
  for (const int token : tokens) {
    int32_t child = Child(node, token);
    if (child == kNone) {
      child = size();
      nodes_.push_back({token, node, kNone, nodes_[node].first_child});
      nodes_[node].first_child = child;
    }
    node = child;
  }
  return node;
}

}  // namespace rill
