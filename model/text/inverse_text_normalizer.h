// Inverse text normalisation of English: spoken words to the way people write numbers, money,
// dates, times, telephone numbers and spelled letters. Rules only (itn_rules.h), no model: the same
// words always give the same text. Any thread.
#pragma once

#include "model/decoder/hypothesis.h"

namespace rill {

// The same hypothesis as it is written. A word that stands for several spoken ones starts with the
// first, ends with the last, and has the least of their confidences. Words that no rule knows stay.
Hypothesis InverseTextNormalize(const Hypothesis& spoken);

}  // namespace rill
