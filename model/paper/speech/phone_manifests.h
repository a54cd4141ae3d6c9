// Manifests with phones in place of words. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/paper/speech/phone_dictionary.h"

namespace rill::paper {

struct PhoneManifests {
  std::string folder;  // to read in place of the originals
  int64_t clips = 0;
  int64_t left_out = 0;  // a word is not in the dictionary
};

// Every manifest below `paths` (manifest.h) as FOLDER/CORPUS/manifest.tsv. InvalidArgument naming
// the corpus that has no clip left.
absl::StatusOr<PhoneManifests> WritePhoneManifests(const std::vector<std::string>& paths,
                                                   const PhoneDictionary& dictionary,
                                                   const std::string& folder);

}  // namespace rill::paper
