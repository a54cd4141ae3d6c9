#include "model/decoder/ctc_decoder.h"

namespace rill {

void CtcDecoder::Save(StateWriter& writer) const {
  writer.Write(time_);
  writer.Write(last_letter_end_);
  writer.Write(changes_);
  SaveWords(writer);
}

void CtcDecoder::Load(StateReader& reader) {
  time_ = reader.ReadTime();
  last_letter_end_ = reader.ReadTime();
  changes_ = reader.Read<int64_t>();
  LoadWords(reader);
}

}  // namespace rill
