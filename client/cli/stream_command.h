// `rill stream`: live recognition of a file, standard input or a microphone. Any thread. Writes
// io.out from the thread that runs it, and io.err from another one while the stream is steered.
#pragma once

#include <string>
#include <vector>

#include "client/cli/io.h"
#include "client/connection.h"
#include "rill/v1/rill.pb.h"

namespace rill::client {

struct StreamCommand {
  Connection connection;
  std::string file;         // "-": standard input
  bool microphone = false;  // instead of a file
  v1::RecognitionConfig recognition;
  v1::AudioFormat raw;  // of raw PCM, and the microphone's rate; rate 0: not raw
  int packet_ms = 100;  // of audio a message
  bool fast = false;
  bool interim = false;
  bool events = false;  // write speech events, too
  bool single_utterance = false;
  bool json = false;
  bool control = false;                    // lines of standard input steer the stream
  bool resume = false;                     // go on when the server is lost
  std::vector<std::string> other_servers;  // and there, too

  int Run(Io& io) const;  // the exit code
};

}  // namespace rill::client
