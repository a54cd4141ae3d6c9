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
  nodes_[node].token = token;
  nodes_[node].words_id = letter ? ++last_id_ : nodes_[parent].words_id;
  Link(parent, node);
  return node;
}

void PrefixPool::Link(int32_t parent, int32_t node) {
  PrefixNode& before = nodes_[parent];
  nodes_[node].parent = parent;
  nodes_[node].next_sibling = before.first_child;
  before.first_child = node;
  ++before.holds;
}

int32_t PrefixPool::FindChild(int32_t parent, int token, WordId word) const {
  int32_t child = nodes_[parent].first_child;
  while (child != PrefixNode::kNone &&
         (nodes_[child].token != token || nodes_[child].text.word != word)) {
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

std::vector<int32_t> PrefixPool::Save(const TextScorer& scorer, StateWriter& writer) const {
  writer.Write(last_id_);
  writer.Write<uint64_t>(static_cast<uint64_t>(used_));
  std::vector<int32_t> numbers(nodes_.size(), PrefixNode::kNone);
  std::vector<int32_t> order{root_};
  // Each node before those that go on from it.
  for (size_t i = 0; i < order.size(); ++i) {
    const PrefixNode& node = nodes_[order[i]];
    numbers[order[i]] = static_cast<int32_t>(i);
    writer.Write(i == 0 ? PrefixNode::kNone : numbers[node.parent]);
    writer.Write<int32_t>(node.token);
    writer.Write(node.words_id);
    for (const Said* said : {&node.said, &node.before}) {
      writer.Write(said->start);
      writer.Write(said->end);
      writer.Write(said->peak);
    }
    scorer.Save(node.text, writer);
    const auto next = static_cast<std::ptrdiff_t>(order.size());
    for (int32_t child = node.first_child; child != PrefixNode::kNone;
         child = nodes_[child].next_sibling) {
      order.push_back(child);
    }
    std::reverse(order.begin() + next, order.end());  // Link will turn them round again
  }
  return numbers;
}

void PrefixPool::Load(const TextScorer& scorer, int vocabulary, StateReader& reader) {
  Clear({});
  last_id_ = reader.ReadIn<int64_t>(0, int64_t{1} << 53, "texts so far");
  const size_t count = reader.ReadCount(static_cast<size_t>(capacity_), "texts");
  reader.Require(count > 0, "texts");
  for (int32_t i = 0; i < static_cast<int32_t>(count) && reader.ok(); ++i) {
    const int32_t parent = i == 0
                               ? reader.ReadIn(PrefixNode::kNone, PrefixNode::kNone, "first text")
                               : reader.ReadIn<int32_t>(0, i - 1, "what a text goes on from");
    if (i > 0) Link(parent, New());
    PrefixNode& node = nodes_[i];
    node.token = reader.ReadIn<int32_t>(0, vocabulary - 1, "token of a text");
    node.words_id = reader.ReadIn<int64_t>(0, last_id_, "words of a text");
    for (Said* said : {&node.said, &node.before}) {
      said->start = reader.ReadTime();
      said->end = reader.ReadTime();
      said->peak = reader.Read<float>();
    }
    node.text = scorer.Load(reader);
    // So a word is over after kMaxWordLetters at the latest, and the root is between words.
    const int letters = i == 0 ? 0 : nodes_[parent].text.letters + 1;
    reader.Require(node.text.letters == 0 || node.text.letters == letters, "letters of a text");
    if (i == 0) reader.Require(node.text.letters == 0, "letters of the first text");
  }
}

bool PrefixPool::AllHeld() const {
  int held = 0;
  for (const PrefixNode& node : nodes_) held += node.holds > 0;
  return held == used_;
}

int32_t PrefixPool::LastBoundary(int32_t node) const {
  while (nodes_[node].text.letters > 0) node = nodes_[node].parent;
  return node;
}

bool PrefixPool::BeginsWith(int32_t node, int32_t before) const {
  while (node != before && node != PrefixNode::kNone) node = nodes_[node].parent;
  return node == before;
}

bool PrefixPool::EndAlike(int32_t a, int32_t b, int count) const {
  for (; count > 0; --count) {
    if (nodes_[a].token != nodes_[b].token) return false;
    a = nodes_[a].parent;
    b = nodes_[b].parent;
  }
  return true;
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
