// What the commands of rill-paper share: the flags --run, --threads and --smoke, and the folder
// that results are kept in, held for this process.
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "model/paper/run/result_file.h"
#include "model/training/run/folder_lock.h"

namespace rill::paper {

struct RunFlags {
  std::string folder = "runs/paper";
  int threads = 1;
  bool smoke = false;
};

void AddRunFlags(CLI::App& app, RunFlags& flags);

class RunFolder {
 public:
  // Opens FOLDER/NAME.jsonl; the processor, the instruction set and the threads join the settings.
  // Ctrl-C and SIGTERM are a request to stop from here on (stop_signal.h).
  static absl::StatusOr<RunFolder> Open(const RunFlags& flags, const std::string& name,
                                        ResultFile::Line settings);

  ResultFile& results() { return results_; }
  // A file of the folder.
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  RunFolder(std::string folder, training::FolderLock lock, ResultFile results);

  std::string folder_;
  training::FolderLock lock_;
  ResultFile results_;
};

}  // namespace rill::paper
