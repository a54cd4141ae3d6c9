// Log-mel features of recordings, computed once and kept in a folder: a file for each list of
// recordings and speed, named by a fingerprint of the recordings' names and sizes and of the way
// features are made. A changed list gets a new file; old ones may be deleted at any time. Killing a
// run loses only the list it was at.
//
// Thread rule: one thread at a time; processes that share the folder wait for each other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/training/data/feature_file.h"

namespace rill {
class ProgressBar;
}

namespace rill::training {

struct Recording {
  std::string path;
  std::string name;    // that the fingerprint knows it by
  double seconds = 0;  // about, for the progress bar
  std::string origin;  // where it is listed, for messages; may be empty
};

struct RecordingList {
  std::string name;
  std::vector<Recording> recordings;
  std::vector<double> speeds;  // see LogMelOptions
};

class FeatureCache {
 public:
  struct Options {
    std::string folder;  // made if missing
    int sample_rate = 16000;
    int mel_bins = 80;
    int workers = 1;
    bool progress = true;
    std::function<void(const std::string&)> log;
  };

  explicit FeatureCache(const Options& options) : options_(options) {}

  // For each list and each of its speeds a file with all recordings in order. Recordings that
  // cannot be read are logged and have no frames; more than one in a hundred of a list (and more
  // than one) is an error. NotFound if a recording does not exist.
  using Files = std::vector<std::unique_ptr<FeatureFile>>;
  absl::StatusOr<std::vector<Files>> Open(const std::vector<RecordingList>& lists) const;

 private:
  struct Target;

  absl::StatusOr<std::vector<Target>> Targets(const RecordingList& list) const;
  absl::Status Fill(const RecordingList& list, const std::vector<Target>& targets,
                    ProgressBar* progress) const;

  Options options_;
};

}  // namespace rill::training
