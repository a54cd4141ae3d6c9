// Ctrl-C and SIGTERM as a polite request: the first sets a flag, the second ends the process at
// once.
//
// Thread rule: Install once, from main; StopRequested from any thread.
#pragma once

namespace rill::training {

void InstallStopSignals();
bool StopRequested();

}  // namespace rill::training
