// Language models of six words for fuzz targets, built once; any thread.
#pragma once

#include <string>
#include <vector>

#include "model/language_model/language_model.h"

namespace rill {

// Whose lexicon is of letters.
const LanguageModel& SmallModel();

// And of phones: "ab" and "abc" sound alike.
const LanguageModel& SmallPhonesModel();
// What a speech model for it would hear: blank, space, its phones.
const std::vector<std::string>& SmallPhones();

}  // namespace rill
