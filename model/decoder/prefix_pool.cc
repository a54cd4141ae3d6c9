#include "model/decoder/prefix_pool.h"

#include <algorithm>

namespace rill {
namespace {

constexpr size_t kFirstNodes = 64;

}  // namespace

void PrefixPool::Clear(const TextState& text) {
  nodes_.clear();
  free_.clear();
  used_ = 0;
  root_ = New();
  nodes_[root_].text = text;
  nodes_[root_].holds = 1;
}

int32_t PrefixPool::New() {
  ++used_;
  if (free_.empty()) {
    if (nodes_.size() == nodes_.capacity()) {
      const size_t doubled = std::max<size_t>(kFirstNodes, 2 * nodes_.size());
      nodes_.reserve(std::min<size_t>(capacity_, doubled));
      free_.reserve(nodes_.capacity());
    }
    nodes_.emplace_back();
    return static_cast<int32_t>(nodes_.size()) - 1;
  }
  const int32_t node = free_.back();
  free_.pop_back();
  nodes_[node] = PrefixNode{};
  return node;
}

int32_t PrefixPool::Add(int32_t parent, int token, bool letter) {
  const int32_t node = New();
  PrefixNode& added = nodes_[node];
  PrefixNode& before = nodes_[parent];
  added.parent = parent;
  added.token = token;
  added.words_id = letter ? ++last_id_ : before.words_id;
  added.next_sibling = before.first_child;
  before.first_child = node;
  ++before.holds;
  return node;
}

int32_t PrefixPool::FindChild(int32_t parent, int token) const {
  int32_t child = nodes_[parent].first_child;
  while (child != PrefixNode::kNone && nodes_[child].token != token) {
    child = nodes_[child].next_sibling;
  }
  return child;
}

void PrefixPool::Release(int32_t node) {
  while (--nodes_[node].holds == 0) {
    const int32_t parent = nodes_[node].parent;
    int32_t* link = &nodes_[parent].first_child;
    while (*link != node) link = &nodes_[*link].next_sibling;
    *link = nodes_[node].next_sibling;
    free_.push_back(node);
    --used_;
    node = parent;
  }
}

void PrefixPool::MakeRoot(int32_t node) {
  const int32_t parent = nodes_[node].parent;
  Hold(node);
  root_ = node;
  nodes_[node].parent = nodes_[node].next_sibling = PrefixNode::kNone;
  for (int32_t at = parent; at != PrefixNode::kNone;) {
    const int32_t above = nodes_[at].parent;
    free_.push_back(at);
    --used_;
    at = above;
  }
}

}  // namespace rill
