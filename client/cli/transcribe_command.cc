#include "client/cli/transcribe_command.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/audio/audio_file.h"
#include "client/cli/exit_code.h"
#include "client/rill_client.h"
#include "client/text/progress_bar.h"
#include "client/text/subtitles.h"
#include "client/text/transcript_json.h"
#include "client/text/utf8.h"

namespace rill::client {
namespace {

namespace fs = std::filesystem;
using Format = TranscribeCommand::Format;

constexpr auto kPiece = std::chrono::seconds(1);  // of audio a message

const char* Extension(Format format) {
  switch (format) {
    case Format::kJson:
      return ".json";
    case Format::kSrt:
      return ".srt";
    case Format::kVtt:
      return ".vtt";
    default:
      return ".txt";
  }
}

std::string Render(const TranscribeCommand& command, const std::string& file, double seconds,
                   const std::vector<v1::Result>& results) {
  switch (command.format) {
    case Format::kJson:
      return TranscriptJson(file, seconds, results, command.recognition.alternatives() > 0) + "\n";
    case Format::kSrt:
      return FormatSrt(MakeCues(results));
    case Format::kVtt:
      return FormatVtt(MakeCues(results));
    default:
      std::string text;
      for (const v1::Result& result : results) {
        if (!result.text().empty()) absl::StrAppend(&text, Printable(result.text()), "\n");
      }
      return text;
  }
}

// Where each file's transcript goes. InvalidArgument if two would go to one place.
absl::StatusOr<std::vector<fs::path>> OutputPaths(const TranscribeCommand& command) {
  std::vector<fs::path> paths;
  std::map<fs::path, std::string> taken;
  for (const std::string& file : command.files) {
    fs::path path = fs::path(command.output) /
                    fs::path(file).filename().replace_extension(Extension(command.format));
    const auto [other, is_new] = taken.insert({path, file});
    if (!is_new) {
      return absl::InvalidArgumentError(absl::StrCat("--output: ", other->second, " and ", file,
                                                     " would both be written to ", path.string()));
    }
    paths.push_back(std::move(path));
  }
  return paths;
}

// Not a pipe.
bool CanReadAgain(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// Runs the files over a few threads and prints what they give in the order of the command line.
class Batch {
 public:
  Batch(const TranscribeCommand& command, Io& io, RillClient& client, std::vector<fs::path> outputs,
        double seconds)
      : command_(command),
        io_(io),
        client_(client),
        outputs_(std::move(outputs)),
        transcripts_(command.files.size()),
        bar_(io.err_is_terminal ? &io.err : nullptr, Clock::Real(),
             static_cast<int>(command.files.size()), seconds) {}

  int Run() {
    std::vector<std::thread> threads;
    const size_t count = std::min<size_t>(command_.jobs, command_.files.size());
    for (size_t i = 0; i < count; ++i) threads.emplace_back([this] { Work(); });
    for (std::thread& thread : threads) thread.join();
    return exit_code_;
  }

 private:
  void Work() {
    while (!*io_.stop) {
      const size_t index = next_++;
      if (index >= command_.files.size()) return;
      absl::StatusOr<std::string> transcript = Transcribe(command_.files[index]);
      if (transcript.ok() && !command_.output.empty()) {
        if (absl::Status status = Write(outputs_[index], *transcript); !status.ok()) {
          transcript = status;
        }
      }
      Done(index, std::move(transcript));
    }
    std::lock_guard lock(mutex_);
    if (exit_code_ == kExitOk && next_ < command_.files.size()) exit_code_ = kExitFailed;
  }

  absl::StatusOr<std::string> Transcribe(const std::string& path) {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::duration<double>(command_.wait_seconds);
    bool lost = false;
    while (true) {
      absl::StatusOr<std::string> transcript = TranscribeOnce(path);
      // One server of several may have stopped: another call tells whether there is none.
      if (absl::IsUnavailable(transcript.status()) && !lost && !*io_.stop && CanReadAgain(path)) {
        lost = true;
        continue;
      }
      const auto delay = RetryDelay(transcript.status());
      if (!delay || std::chrono::steady_clock::now() + *delay > deadline || *io_.stop) {
        return transcript;
      }
      std::this_thread::sleep_for(*delay);
    }
  }

  absl::StatusOr<std::string> TranscribeOnce(const std::string& path) {
    auto file = AudioFile::Open(path);
    if (!file.ok()) return file.status();
    v1::RecognitionConfig config = command_.recognition;
    *config.mutable_audio() = (*file)->format();
    config.set_word_times(command_.format != Format::kText);
    int64_t processed_ms = 0;
    auto read = [&]() -> absl::StatusOr<std::string> {
      if (*io_.stop) return absl::CancelledError("interrupted");
      absl::StatusOr<AudioPiece> piece = (*file)->Read(kPiece);
      if (!piece.ok()) return piece.status();
      return std::move(piece->bytes);
    };
    auto on_progress = [&](const v1::Progress& progress) {
      const int64_t before = std::exchange(processed_ms, progress.processed_ms());
      bar_.AddSeconds(static_cast<double>(processed_ms - before) / 1000);
    };
    auto transcript = client_.Transcribe(config, read, on_progress);
    if (!transcript.ok()) {
      bar_.AddSeconds(-static_cast<double>(processed_ms) / 1000);
      return transcript.status();
    }
    return Render(command_, path, (*file)->seconds(), transcript->results);
  }

  static absl::Status Write(const fs::path& path, const std::string& transcript) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << transcript;
    file.close();
    if (!file) return absl::UnknownError(absl::StrCat("cannot write ", path.string()));
    return absl::OkStatus();
  }

  void Done(size_t index, absl::StatusOr<std::string> transcript) {
    std::lock_guard lock(mutex_);
    bar_.FileDone();
    if (!transcript.ok()) {
      const ExitCode code = ExitCodeOf(transcript.status());
      const bool first_unreachable = code == kExitUnreachable && exit_code_ != kExitUnreachable;
      if (code != kExitUnreachable || first_unreachable) {
        bar_.Print(io_.err,
                   absl::StrCat("rill transcribe: ", Where(index, transcript.status()),
                                Explain(transcript.status(), command_.connection.server), "\n"));
      }
      if (code == kExitUnreachable) {
        // The other files would fail in the same way.
        exit_code_ = kExitUnreachable;
        *io_.stop = true;
      } else if (exit_code_ == kExitOk) {
        exit_code_ = kExitFailed;
      }
      transcript = std::string();
    } else if (command_.output.empty() && command_.files.size() > 1 &&
               command_.format != Format::kJson) {
      transcript->insert(0, absl::StrCat("==> ", command_.files[index], " <==\n"));
      transcript->append("\n");
    }
    transcripts_[index] = command_.output.empty() ? *std::move(transcript) : std::string();
    for (; printed_ < transcripts_.size() && transcripts_[printed_]; ++printed_) {
      if (!transcripts_[printed_]->empty()) bar_.Print(io_.out, *transcripts_[printed_]);
      transcripts_[printed_]->clear();
    }
  }

  // Errors of this program name the file themselves; those of the server cannot.
  std::string Where(size_t index, const absl::Status& status) const {
    const std::string& file = command_.files[index];
    return std::string(status.message()).starts_with(file) ? "" : file + ": ";
  }

  const TranscribeCommand& command_;
  Io& io_;
  RillClient& client_;
  const std::vector<fs::path> outputs_;
  std::atomic<size_t> next_ = 0;

  std::mutex mutex_;  // guards the rest
  std::vector<std::optional<std::string>> transcripts_;
  size_t printed_ = 0;
  int exit_code_ = kExitOk;
  ProgressBar bar_;
};

// Header reads only; a file that cannot be read counts nothing.
double TotalSeconds(const std::vector<std::string>& files) {
  double seconds = 0;
  for (const std::string& path : files) {
    if (!CanReadAgain(path)) continue;
    if (auto file = AudioFile::Open(path); file.ok()) seconds += (*file)->seconds();
  }
  return seconds;
}

}  // namespace

int TranscribeCommand::Run(Io& io) const {
  auto fail = [&](const absl::Status& status, ExitCode code) {
    io.err << "rill transcribe: " << Explain(status, connection.server) << "\n";
    return code;
  };
  auto client = RillClient::Create(connection);
  if (!client.ok()) return fail(client.status(), kExitUsage);
  std::vector<fs::path> outputs;
  if (!output.empty()) {
    auto paths = OutputPaths(*this);
    if (!paths.ok()) return fail(paths.status(), kExitUsage);
    outputs = *std::move(paths);
    std::error_code error;
    fs::create_directories(output, error);
    if (error) {
      return fail(absl::UnknownError(absl::StrCat("--output ", output, ": ", error.message())),
                  kExitFailed);
    }
  }
  const double seconds = io.err_is_terminal ? TotalSeconds(files) : 0;
  return Batch(*this, io, **client, std::move(outputs), seconds).Run();
}

}  // namespace rill::client
