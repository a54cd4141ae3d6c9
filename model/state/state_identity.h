// What a stream's state is for: it means something only to the same model, language model and
// version of the state's form. Plain value; any thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

struct StateIdentity {
  std::string model_hash;           // SHA-256 of the model file, hexadecimal
  std::string language_model_hash;  // likewise; empty: none

  void Save(StateWriter& writer) const;

  // FailedPrecondition if the state is for something else, saying what; InvalidArgument if it is
  // no state.
  absl::Status Check(StateReader& reader) const;
};

}  // namespace rill
