#include "client/cli/stream_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "client/audio/audio_file.h"
#include "client/audio/microphone.h"
#include "client/audio/pacer.h"
#include "client/audio/pipe_source.h"
#include "client/cli/control_lines.h"
#include "client/cli/exit_code.h"
#include "client/rill_client.h"
#include "client/text/live_caption.h"
#include "client/text/transcript_json.h"
#include "client/text/utf8.h"

namespace rill::client {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

// A raw file is a pipe that is kept open.
class RawFile : public AudioSource {
 public:
  static absl::StatusOr<std::unique_ptr<AudioSource>> Open(const std::string& path,
                                                           const v1::AudioFormat& format,
                                                           const std::atomic<bool>* stop) {
    auto file = std::make_unique<FileDescriptor>(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file->get() < 0) {
      return absl::NotFoundError(absl::StrCat(path, ": ", std::strerror(errno)));
    }
    auto pipe = PipeSource::Open(file->get(), format, stop);
    if (!pipe.ok()) return pipe.status();
    return std::unique_ptr<AudioSource>(new RawFile(std::move(file), *std::move(pipe)));
  }

  v1::AudioFormat format() const override { return pipe_->format(); }
  absl::StatusOr<AudioPiece> Read(std::chrono::milliseconds duration) override {
    return pipe_->Read(duration);
  }

 private:
  RawFile(std::unique_ptr<FileDescriptor> file, std::unique_ptr<PipeSource> pipe)
      : file_(std::move(file)), pipe_(std::move(pipe)) {}

  std::unique_ptr<FileDescriptor> file_;
  std::unique_ptr<PipeSource> pipe_;
};

absl::StatusOr<std::unique_ptr<AudioSource>> OpenSource(const StreamCommand& command, Io& io) {
  constexpr int kMicrophoneRate = 16000;
  if (command.microphone) {
    const int rate = command.raw.sample_rate_hertz();
    return OpenMicrophone(rate > 0 ? rate : kMicrophoneRate, io.stop);
  }
  if (command.file == "-") return PipeSource::Open(io.in, command.raw, io.stop);
  if (command.raw.sample_rate_hertz() > 0) {
    return RawFile::Open(command.file, command.raw, io.stop);
  }
  return AudioFile::Open(command.file);
}

// Sends the audio until it is over, the call is over, or the user has had enough.
template <class Stream>
absl::Status Send(AudioSource& source, Stream& session, Pacer* pacer, int packet_ms,
                  const std::atomic<bool>& stop) {
  while (!stop) {
    absl::StatusOr<AudioPiece> piece = source.Read(std::chrono::milliseconds(packet_ms));
    if (!piece.ok()) {
      session.Cancel();
      return piece.status();
    }
    if (piece->bytes.empty()) break;
    if (pacer != nullptr) pacer->WaitFor(piece->duration);
    if (!session.Write(std::move(piece->bytes))) return absl::OkStatus();
  }
  session.Finish();
  return absl::OkStatus();
}

// Sends what the lines ask for until they are over, or the stream takes nothing more.
template <class Stream>
void Steer(ControlLines lines, Stream& stream, std::ostream& err) {
  while (auto request = lines.Next()) {
    if (!request->ok()) {
      err << "rill stream: --control: " << Printable(std::string(request->status().message()))
          << std::endl;
    } else if (!stream.Send(**std::move(request))) {
      return;
    }
  }
}

// Shows the results as they come. How the call ended, or what was wrong with the audio.
template <class Stream>
absl::Status Play(const StreamCommand& command, AudioSource& source, Stream& stream, bool caption,
                  Io& io) {
  // A pipe or a microphone has a pace of its own.
  std::optional<Pacer> pacer;
  if (!command.fast && !command.microphone && command.file != "-") pacer.emplace(Clock::Real());
  absl::Status audio_status;
  std::thread sender([&] {
    audio_status = Send(source, stream, pacer ? &*pacer : nullptr, command.packet_ms, *io.stop);
  });
  std::thread steering;
  if (command.control) {
    steering = std::thread([&] { Steer(ControlLines(io.in, io.stop), stream, io.err); });
  }

  absl::Status status;
  {
    LiveCaption live(&io.out, io.columns);
    status = stream.ReadAll([&](const v1::StreamingRecognizeResponse& response) {
      if (response.has_speech_event()) {
        const v1::SpeechEvent& event = response.speech_event();
        if (caption) {
          live.Show(event);
        } else {
          io.out << (command.json ? SpeechEventJson(event) : FormatSpeechEvent(event)) << std::endl;
        }
      }
      if (command.json && response.response_case() == v1::StreamingRecognizeResponse::kFlushed) {
        io.out << FlushedJson(response.flushed()) << std::endl;
      }
      if (!response.has_result()) return;
      const v1::Result& result = response.result();
      if (caption) {
        live.Show(result);
      } else if (command.json) {
        io.out << ResultJson(result) << std::endl;
      } else if (!result.text().empty()) {
        io.out << FormatResultLine(result) << (result.is_final() ? "" : " ...") << std::endl;
      }
    });
  }
  *io.stop = true;
  sender.join();
  if (steering.joinable()) steering.join();
  return audio_status.ok() ? status : audio_status;
}

}  // namespace

int StreamCommand::Run(Io& io) const {
  auto fail = [&](const absl::Status& status) {
    io.err << "rill stream: " << Explain(status, connection.server) << "\n";
    return ExitCodeOf(status);
  };
  Connection to = connection;
  to.other_servers = other_servers;
  auto client = RillClient::Create(to);
  if (!client.ok()) {
    fail(client.status());
    return kExitUsage;
  }
  auto source = OpenSource(*this, io);
  if (!source.ok()) return fail(source.status());

  v1::StreamingConfig config;
  *config.mutable_recognition() = recognition;
  *config.mutable_recognition()->mutable_audio() = (*source)->format();
  config.mutable_recognition()->set_word_times(json);
  const bool caption = io.out_is_terminal && !json && !interim;
  config.set_interim_results(caption || interim);
  config.set_speech_events(events);
  config.set_single_utterance(single_utterance);

  absl::Status status;
  if (resume) {
    const auto stream = (*client)->StartResumable(config);
    status = Play(*this, **source, *stream, caption, io);
    if (stream->resumed() > 0) {
      io.err << "rill stream: lost its server and went on, " << stream->resumed()
             << (stream->resumed() == 1 ? " time\n" : " times\n");
    }
  } else {
    status = Play(*this, **source, *(*client)->StartStreaming(config), caption, io);
  }
  return status.ok() ? kExitOk : fail(status);
}

}  // namespace rill::client
