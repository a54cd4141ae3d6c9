#include "model/training/tokens/unigram_pieces.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <unordered_map>

namespace rill::training {
namespace {

class Texts : public sentencepiece::SentenceIterator {
 public:
  explicit Texts(const std::vector<std::string>& texts) : texts_(texts) {}
  bool done() const override { return next_ == texts_.size(); }
  void Next() override { ++next_; }
  const std::string& value() const override { return texts_[next_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& texts_;
  size_t next_ = 0;
};

// SentencePiece's headers do not go together with Abseil's.
std::string WithSpaces(const std::string& piece) {
  const std::string sign = kSpaceSign;
  std::string text;
  size_t begin = 0;
  for (size_t at; (at = piece.find(sign, begin)) != std::string::npos; begin = at + sign.size()) {
    text.append(piece, begin, at - begin).push_back(' ');
  }
  return text.append(piece, begin);
}

}  // namespace

std::string MakeUnigramPieces(const std::vector<std::string>& texts, int size,
                              std::vector<UnigramPiece>* pieces) {
  // The blank takes the place of the unknown piece, which SentencePiece insists on.
  const std::unordered_map<std::string, std::string> options = {
      {"model_type", "unigram"},
      {"vocab_size", std::to_string(size)},
      {"character_coverage", "1.0"},
      {"normalization_rule_name", "identity"},
      {"unk_id", "0"},
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"pad_id", "-1"},
      {"num_threads", "1"},
      {"minloglevel", "2"},
  };
  Texts iterator(texts);
  std::string model;
  sentencepiece::util::Status status =
      sentencepiece::SentencePieceTrainer::Train(options, &iterator, &model);
  sentencepiece::SentencePieceProcessor processor;
  if (status.ok()) status = processor.LoadFromSerializedProto(model);
  if (!status.ok()) return status.ToString();
  pieces->clear();
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    if (processor.IsUnknown(id)) continue;
    pieces->push_back({WithSpaces(processor.IdToPiece(id)), processor.GetScore(id)});
  }
  return "";
}

}  // namespace rill::training
