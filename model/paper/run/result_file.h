// What a command has found so far: RUN/NAME.jsonl, one JSON object a line, each written at once.
// The first line is the settings; a run that goes on must have the same. A last line cut off by a
// killed process is dropped. One thread at a time; one process (the commands hold the folder's
// lock).
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rill::paper {

class ResultFile {
 public:
  using Line = nlohmann::json;

  // `settings`: an object. FailedPrecondition naming the first field that differs from those in the
  // file; DataLoss naming a line that is no JSON object.
  static absl::StatusOr<ResultFile> Open(const std::string& path, const Line& settings);

  const std::vector<Line>& lines() const { return lines_; }  // without the settings
  // The first line that has all of `fields`; null if there is none.
  const Line* Find(const Line& fields) const;

  absl::Status Append(const Line& line);
  // Of lines that a resumed run will write again.
  absl::Status Remove(const std::function<bool(const Line&)>& which);

 private:
  ResultFile(std::string path, Line settings);
  absl::Status WriteAll() const;

  std::string path_;
  Line settings_;
  std::vector<Line> lines_;
};

}  // namespace rill::paper
