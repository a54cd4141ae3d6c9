// A manifest lists the clips of one corpus: UTF-8 text, tab-separated, one clip a line, under a
// header line that names the columns:
//
//   path      the recording, relative to the manifest's folder or absolute
//   speaker   anything
//   seconds   its length, about
//   text      what is said; may be empty
//
// in any order; other columns are ignored. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rill::training {

struct ManifestClip {
  int line = 0;      // in the manifest, from 1
  std::string path;  // as the manifest has it
  std::string speaker;
  double seconds = 0;
  std::string text;
};

struct Manifest {
  std::string name;    // of its folder: the corpus
  std::string file;    // the manifest itself
  std::string folder;  // that relative paths start from
  std::vector<ManifestClip> clips;

  std::string AudioPath(const ManifestClip& clip) const;
  // InvalidArgument naming the file and the clip's line.
  absl::Status ErrorAt(const ManifestClip& clip, const std::string& message) const;
};

// InvalidArgument about a line, from 1, of a text file.
absl::Status LineError(const std::string& file, int line, const std::string& message);

// NotFound, or InvalidArgument naming the file and line.
absl::StatusOr<Manifest> ReadManifest(const std::string& file);

// Every manifest.tsv in or below each path that is a folder, and each path that is a file, in the
// order of the paths and then of their names; none twice. InvalidArgument if a path holds none or
// two have one name.
absl::StatusOr<std::vector<Manifest>> ReadManifests(const std::vector<std::string>& paths);

}  // namespace rill::training
