#include "model/paper/run/run_folder.h"

#include <ATen/Parallel.h>

#include <fstream>
#include <utility>

#include "kernels/cpu/simd.h"
#include "model/training/commands/stop_signal.h"

namespace rill::paper {
namespace {

std::string Processor() {
  std::ifstream in("/proc/cpuinfo");
  std::string line;
  while (std::getline(in, line)) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

}  // namespace

void AddRunFlags(CLI::App& app, RunFlags& flags) {
  app.add_option("--run", flags.folder,
                 "Folder of results; made if missing. The same command goes on where it stopped")
      ->capture_default_str();
  app.add_option("--threads", flags.threads, "Threads of matrix products and attention")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_flag("--smoke", flags.smoke,
               "Seconds instead of hours: sizes so small that the figures mean nothing");
}

RunFolder::RunFolder(std::string folder, training::FolderLock lock, ResultFile results)
    : folder_(std::move(folder)), lock_(std::move(lock)), results_(std::move(results)) {}

absl::StatusOr<RunFolder> RunFolder::Open(const RunFlags& flags, const std::string& name,
                                          ResultFile::Line settings) {
  at::set_num_threads(flags.threads);
  settings["threads"] = flags.threads;
  settings["processor"] = Processor();
  settings["simd"] = kernels::SimdName();
  absl::StatusOr<training::FolderLock> lock = training::FolderLock::Take(flags.folder);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<ResultFile> results =
      ResultFile::Open(flags.folder + "/" + name + ".jsonl", settings);
  if (!results.ok()) return results.status();
  training::InstallStopSignals();
  return RunFolder(flags.folder, *std::move(lock), *std::move(results));
}

}  // namespace rill::paper
