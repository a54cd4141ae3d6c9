// A program run by a test, with pipes to its standard input and from its standard output and error.
// One thread. Killed with the object, if it still runs.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace rill {

class Process {
 public:
  // command[0] is the program's path.
  explicit Process(const std::vector<std::string>& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Write(const std::string& bytes);
  void CloseInput();
  // Reads on until the text so far has `part` in it; false if the output ends before.
  bool WaitForOutput(const std::string& part);
  bool WaitForError(const std::string& part);
  void Signal(int signal);
  // Reads what is still to come. The exit code; 128 + signal if it was killed by one.
  int Wait();

  const std::string& output() const { return out_.text; }
  const std::string& error() const { return err_.text; }

 private:
  struct Stream {
    int fd = -1;
    std::string text;
  };
  // Reads from both until `done` or, without it, to their ends.
  bool ReadUntil(const std::function<bool()>& done);

  pid_t pid_ = -1;
  int in_ = -1;
  Stream out_, err_;
};

}  // namespace rill
