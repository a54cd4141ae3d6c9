#include "client/cli/load_command.h"

#include "client/cli/exit_code.h"

namespace rill::client {

int LoadCommand::Run(Io& io) const {
  auto fail = [&](const absl::Status& status, ExitCode code) {
    io.err << "rill load: " << Explain(status, connection.server) << "\n";
    return code;
  };
  auto audio = LoadAudio::Read(files, pause_seconds);
  if (!audio.ok()) return fail(audio.status(), kExitFailed);
  LoadOptions run = options;
  run.connection = connection;
  auto report = RunLoadTest(run, *audio, io.stop);
  if (!report.ok()) return fail(report.status(), kExitUsage);
  const auto unreachable = report->errors.find(absl::StatusCode::kUnavailable);
  if (unreachable != report->errors.end() && unreachable->second == report->streams) {
    return fail(absl::UnavailableError(report->first_error), kExitUnreachable);
  }
  io.out << (json ? LoadReportJson(*report) + "\n" : FormatLoadReport(*report));
  return report->completed == report->streams ? kExitOk : kExitFailed;
}

}  // namespace rill::client
