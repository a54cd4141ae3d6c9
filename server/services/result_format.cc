#include "server/services/result_format.h"

#include "model/text/inverse_text_normalizer.h"
#include "model/text/profanity_mask.h"

namespace rill::server {

const Hypothesis& Written(const Hypothesis& spoken, const ResultFormat& format,
                          Hypothesis* memory) {
  static const ProfanityMask& mask = *new ProfanityMask();
  const Hypothesis* written = &spoken;
  if (format.mask_profanity) {
    *memory = mask.Apply(*written);
    written = memory;
  }
  if (format.inverse_text_normalization) {
    *memory = InverseTextNormalize(*written);
    written = memory;
  }
  return *written;
}

}  // namespace rill::server
