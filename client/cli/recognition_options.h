// The flags of what and how to recognise, the same for every command that recognises. From main,
// before any thread is started.
#pragma once

#include <CLI/CLI.hpp>

#include "rill/v1/rill.pb.h"

namespace rill::client {

// Writes into *config while the command line is read. Only what is given is set: the server decides
// the rest.
void AddRecognitionOptions(CLI::App* app, v1::RecognitionConfig* config);

// --alternatives, for a command that shows them.
CLI::Option* AddAlternatives(CLI::App* app, v1::RecognitionConfig* config);

}  // namespace rill::client
