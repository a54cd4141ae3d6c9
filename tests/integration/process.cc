#include "tests/integration/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

extern char** environ;

namespace rill {
namespace {

void Close(int* fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

// For programs built with a sanitizer, which must not end with an error for what Debian's libraries
// do: races as in tests/tsan_options.cc; ten bytes that c-ares leaks for each name looked
// up.
void SetSanitizerOptions() {
  setenv("TSAN_OPTIONS", "report_bugs=0", 1);
  setenv("LSAN_OPTIONS",
         "print_suppressions=0:suppressions=" RILL_SOURCE_DIR "/tests/integration/known_leaks.txt",
         1);
}

}  // namespace

Process::Process(const std::vector<std::string>& command) {
  SetSanitizerOptions();
  signal(SIGPIPE, SIG_IGN);  // a program that ends early is no reason to end the test
  int pipes[3][2];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pipe2(pipes[i], O_CLOEXEC), 0);
    posix_spawn_file_actions_adddup2(&actions, pipes[i][i == 0 ? 0 : 1], i);
  }
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0) << argv[0];
  posix_spawn_file_actions_destroy(&actions);
  in_ = pipes[0][1];
  out_.fd = pipes[1][0];
  err_.fd = pipes[2][0];
  for (int child_end : {pipes[0][0], pipes[1][1], pipes[2][1]}) close(child_end);
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Close(&in_);
  Close(&out_.fd);
  Close(&err_.fd);
}

void Process::Write(const std::string& bytes) {
  for (size_t written = 0; written < bytes.size();) {
    const ssize_t count = write(in_, bytes.data() + written, bytes.size() - written);
    if (count < 0) return;
    written += count;
  }
}

void Process::CloseInput() { Close(&in_); }

bool Process::WaitForOutput(const std::string& part) {
  return ReadUntil([&] { return out_.text.find(part) != std::string::npos; });
}

bool Process::WaitForError(const std::string& part) {
  return ReadUntil([&] { return err_.text.find(part) != std::string::npos; });
}

void Process::Signal(int signal) { kill(pid_, signal); }

int Process::Wait() {
  CloseInput();
  ReadUntil(nullptr);
  int status = 0;
  if (pid_ > 0) waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool Process::ReadUntil(const std::function<bool()>& done) {
  while (!done || !done()) {
    pollfd ready[] = {{out_.fd, POLLIN, 0}, {err_.fd, POLLIN, 0}};  // fds of -1 are left out
    if (out_.fd < 0 && err_.fd < 0) return false;
    if (poll(ready, 2, -1) < 0 && errno != EINTR) return false;
    for (int i = 0; i < 2; ++i) {
      if (ready[i].revents == 0) continue;
      Stream& stream = i == 0 ? out_ : err_;
      char buffer[4096];
      const ssize_t count = read(stream.fd, buffer, sizeof(buffer));
      if (count > 0) stream.text.append(buffer, count);
      if (count == 0) Close(&stream.fd);
    }
  }
  return true;
}

}  // namespace rill
