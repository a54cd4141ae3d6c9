// Runs a fuzz target over its corpus and over mutations of it, the same ones each time:
//
//   audio_replay CORPUS-FOLDER MUTATIONS
//   audio_replay FILE              once, without mutations
//
// When it crashes, the input is left in the file crash-input.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_target.h"

// The sanitizers', if there is one in the program.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace rill {
namespace {

std::string input;

void KeepInput() {
  const int fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return;
  const char kSaid[] = "the input is in crash-input\n";
  if (write(fd, input.data(), input.size()) >= 0) (void)!write(2, kSaid, sizeof kSaid - 1);
  close(fd);
}

void KeepInputAndDie(int signal_number) {
  KeepInput();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

// Marsaglia, "Xorshift RNGs", 2003.
uint64_t Random() {
  static uint64_t state = 88172645463325252;
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

std::string Mutate(std::string bytes, const std::vector<std::string>& corpus) {
  for (uint64_t changes = 1 + Random() % 4; changes > 0; --changes) {
    const size_t at = Random() % (bytes.size() + 1);
    const size_t count = std::min<size_t>(1 + Random() % 8, bytes.size() - at);
    switch (Random() % 7) {
      case 0:
        if (at < bytes.size()) bytes[at] ^= 1 << Random() % 8;
        break;
      case 1:
        for (size_t i = 0; i < count; ++i) bytes[at + i] = static_cast<char>(Random());
        break;
      case 2:
        for (size_t i = 0; i < count; ++i) bytes[at + i] = Random() % 2 == 0 ? '\0' : '\xFF';
        break;
      case 3:
        bytes.erase(at, Random() % 8 == 0 ? std::string::npos : count);
        break;
      case 4:
        bytes.insert(at, bytes.substr(at, count));
        break;
      case 5:
        bytes.insert(at, count, static_cast<char>(Random()));
        break;
      default: {
        const std::string& other = corpus[Random() % corpus.size()];
        bytes = bytes.substr(0, at) + other.substr(std::min(at, other.size()));
      }
    }
  }
  return bytes;
}

void RunInput() {
  // A block of its own, so that AddressSanitizer sees a read past its end.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

int Main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: %s FILE | CORPUS-FOLDER MUTATIONS\n", argv[0]);
    return 2;
  }
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(KeepInput);
  } else {
    for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGILL}) {
      signal(number, KeepInputAndDie);
    }
  }
  std::vector<fs::path> paths;
  if (fs::is_directory(argv[1])) {
    for (const auto& entry : fs::directory_iterator(argv[1])) paths.push_back(entry.path());
  } else {
    paths.push_back(argv[1]);
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const fs::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (!file) {
      std::fprintf(stderr, "cannot read %s\n", path.c_str());
      return 1;
    }
    input = corpus.back();
    RunInput();
  }
  const int mutations = argc == 3 ? std::atoi(argv[2]) : 0;
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no inputs\n", argv[1]);
    return 1;
  }
  for (int i = 0; i < mutations; ++i) {
    input = Mutate(corpus[Random() % corpus.size()], corpus);
    RunInput();
  }
  std::printf("%zu inputs and %d mutations did no harm\n", corpus.size(), mutations);
  return 0;
}

}  // namespace
}  // namespace rill

int main(int argc, char** argv) { return rill::Main(argc, argv); }
