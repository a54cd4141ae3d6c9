#include "client/cli/app.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "client/cli/connection_options.h"
#include "client/cli/exit_code.h"
#include "client/cli/load_command.h"
#include "client/cli/recognition_options.h"
#include "client/cli/server_commands.h"
#include "client/cli/stream_command.h"
#include "client/cli/transcribe_command.h"

namespace rill::client {
namespace {

constexpr char kExitCodes[] =
    "Exit codes: 0 all well; 1 a file, a stream or the call failed; 2 the command line is wrong;\n"
    "3 no server answers; 4 the server is full.";

constexpr char kMainHelp[] = R"(Examples:
  rill health                               is a server there, and ready?
  rill stream talk.flac                     captions while the recording plays
  arecord -f S16_LE -r 16000 | rill stream -     captions of the microphone
  rill transcribe *.wav --format srt --output subtitles
  rill load --streams 100 --seconds 60 talk.flac

"rill COMMAND --help" says more. RILL_SERVER and RILL_TOKEN in the environment stand for --server and
--token.
)";

constexpr char kStreamHelp[] = R"(Examples:
  rill stream talk.flac                     paced as if someone spoke it now
  rill stream talk.flac --fast --json       as fast as the server reads, one JSON object a result
  rill stream --mic                         until Ctrl-C
  rill stream --mic --single-utterance      until you pause
  rill stream talk.flac --server a:50051 --or-server b:50051     b takes over if a goes away
  ffmpeg -i URL -f s16le -ac 1 -ar 16000 - | rill stream - --rate 16000
  rill stream call.ulaw --rate 8000 --encoding mulaw

On a terminal, what is heard so far is on the last line and what is final above it. Elsewhere
only finals are written. Standard input is sent as it comes. Ctrl-C ends the audio and waits for
the last words; a second one ends the program.

With --control these lines, on standard input, steer the stream:
  flush                                 what was said so far becomes final
  hot-words anna karenina=8, vronsky    from now on these; without any: no hot words any more
)";

constexpr char kTranscribeHelp[] = R"(Examples:
  rill transcribe talk.mp3
  rill transcribe *.flac --format json > words.jsonl
  rill transcribe a.wav b.ogg --format vtt --output subtitles --jobs 4

Reads what libsndfile reads (WAV, FLAC, Ogg, Opus, MP3, AIFF, ...), at 4 to 192 kHz, with up to 64
channels, which are mixed. A file that fails is named on standard error and the others go on.
)";

constexpr char kModelsHelp[] = R"(Example:
  rill models --json
)";

constexpr char kHealthHelp[] = R"(Examples:
  rill health && echo ready
  rill health --service rill.v1.SpeechRecognition
)";

constexpr char kLoadHelp[] = R"(Example:
  rill load --streams 500 --seconds 60 --json talk.flac speech.flac

Plays the recordings, one after the other and again from the start, into live streams that start one
after the other. Latencies, in ms, over the time in which all streams run:
  response    from when the last sample it covers was due to be spoken to its arrival
  interim     the same, of results that may still change
  final       the same, of those that will not; an utterance ends with a silence that the server waits for
  first_word  from the beginning of a stream's first word to the first text
  finish      from the end of a stream's audio to the end of the call, last words and all
  send        how late audio went out, because of this program or of the server's back-pressure
One thread does all the work, because the load test shares its machine with the server or its network.
)";

// What the commands of one command line share.
struct Context {
  CLI::App& app;
  Io& io;
  ConnectionOptions connection;
  std::function<int()> chosen;  // what to run once the command line has been read
};

template <typename Command>
std::pair<CLI::App*, std::shared_ptr<Command>> AddCommand(Context& context, const char* name,
                                                          const char* what, const char* help) {
  CLI::App* sub = context.app.add_subcommand(name, what)->fallthrough();
  sub->footer(ConnectionHelp(context.app) + "\n" + help + "\n" + kExitCodes);
  auto command = std::make_shared<Command>();
  sub->callback([command, &context] {
    context.chosen = [command, &context] {
      command->connection = context.connection.connection;
      return command->Run(context.io);
    };
  });
  return {sub, command};
}

void AddStream(Context& context) {
  auto [sub, command] = AddCommand<StreamCommand>(
      context, "stream", "Recognise a file, standard input or a microphone live", kStreamHelp);
  AddRecognitionOptions(sub, &command->recognition);
  CLI::Option* alternatives = AddAlternatives(sub, &command->recognition);
  CLI::Option* file =
      sub->add_option("file", command->file, "A recording, or - for standard input");
  CLI::Option* mic =
      sub->add_flag("--mic", command->microphone, "The default microphone")->excludes(file);
  sub->add_option_function<int>(
         "--rate", [raw = &command->raw](int rate) { raw->set_sample_rate_hertz(rate); },
         "Sample rate: the input is raw PCM; with --mic, of the microphone (else 16000)")
      ->check(CLI::Range(4000, 192000))
      ->type_name("HZ");
  command->raw.set_encoding(v1::LINEAR16);
  sub->add_option_function<std::string>(
         "--encoding",
         [raw = &command->raw](const std::string& name) {
           v1::AudioEncoding encoding = v1::LINEAR16;
           v1::AudioEncoding_Parse(absl::AsciiStrToUpper(name), &encoding);
           raw->set_encoding(encoding);
         },
         "Of raw PCM, little-endian: linear16 (signed 16 bit, the default) or float32; of a "
         "telephone: mulaw or alaw")
      ->check(CLI::IsMember({"linear16", "float32", "mulaw", "alaw"}))
      ->type_name("NAME")
      ->needs("--rate");
  sub->add_option_function<int>(
         "--channels", [raw = &command->raw](int channels) { raw->set_channels(channels); },
         "Of raw PCM, interleaved (else 1)")
      ->check(CLI::Range(1, 8))
      ->type_name("N")
      ->needs("--rate");
  sub->add_option("--packet-ms", command->packet_ms, "Audio in one message")
      ->check(CLI::Range(10, 10000))
      ->capture_default_str()
      ->type_name("MS");
  sub->add_flag("--fast", command->fast, "Send a file as fast as the server reads");
  sub->add_flag("--interim", command->interim, "Write results that may still change, as lines");
  alternatives->needs(
      sub->add_flag("--json", command->json, "Write results as JSON, one object a line"));
  sub->add_flag("--events", command->events, "Write when somebody begins to speak, and has paused");
  sub->add_flag("--single-utterance", command->single_utterance,
                "End after the first final result: a command, an answer");
  sub->add_flag("--control", command->control,
                "Lines on standard input steer the stream while it runs: see below");
  sub->add_flag("--resume", command->resume,
                "When the server stops or is lost, go on from the last checkpoint: there, when it "
                "is back within 30 s, or at --or-server");
  sub->add_option("--or-server", command->other_servers,
                  "Another server with the same models and --state-key-file; implies --resume")
      ->type_name("HOST:PORT")
      ->check(IsServerAddress())
      ->allow_extra_args(false)  // a FILE follows
      ->each([command](const std::string&) { command->resume = true; });
  sub->parse_complete_callback([file, mic, command = command.get()] {
    if (file->count() == 0 && mic->count() == 0) {
      throw CLI::ValidationError("rill stream needs a FILE, - for standard input, or --mic");
    }
    if (command->control && command->file == "-") {
      throw CLI::ValidationError("--control", "standard input is the audio already");
    }
  });
}

void AddTranscribe(Context& context) {
  auto [sub, command] = AddCommand<TranscribeCommand>(
      context, "transcribe", "Turn recordings into text, JSON or subtitles", kTranscribeHelp);
  AddRecognitionOptions(sub, &command->recognition);
  AddAlternatives(sub, &command->recognition);
  sub->add_option("files", command->files, "Recordings")->required()->type_name("FILE");
  sub->add_option("-j,--jobs", command->jobs, "Files at the same time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str()
      ->type_name("N");
  using Format = TranscribeCommand::Format;
  static const std::map<std::string, Format> kFormats = {{"txt", Format::kText},
                                                         {"json", Format::kJson},
                                                         {"srt", Format::kSrt},
                                                         {"vtt", Format::kVtt}};
  sub->add_option_function<std::string>(
         "-f,--format",
         [command = command.get()](const std::string& name) {
           command->format = kFormats.at(name);
         },
         "txt (the default), json (one object a file, with word times), srt or vtt")
      ->check(CLI::IsMember(&kFormats))
      ->type_name("NAME");
  sub->add_option("--wait", command->wait_seconds,
                  "How long to go on trying if the server is full, for each file")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str()
      ->type_name("SECONDS");
  sub->add_option("-o,--output", command->output,
                  "A folder for one file each; else standard output")
      ->type_name("DIR");
  sub->parse_complete_callback([command = command.get()] {
    if (command->recognition.alternatives() > 0 && command->format != Format::kJson) {
      throw CLI::ValidationError("--alternatives", "only --format json shows them");
    }
  });
}

void AddServerCommands(Context& context) {
  auto [models, models_command] =
      AddCommand<ModelsCommand>(context, "models", "List the server's models", kModelsHelp);
  models->add_flag("--json", models_command->json, "One JSON object a model");
  auto [health, health_command] =
      AddCommand<HealthCommand>(context, "health", "Ask whether the server serves", kHealthHelp);
  health->add_option("--service", health_command->service, "One service; else the whole server")
      ->type_name("NAME");
}

void AddLoad(Context& context) {
  auto [sub, command] = AddCommand<LoadCommand>(
      context, "load", "Measure a server under many live streams", kLoadHelp);
  LoadOptions& options = command->options;
  AddRecognitionOptions(sub, &options.recognition);
  sub->add_option("files", command->files, "Recordings of one sample rate")
      ->required()
      ->type_name("FILE");
  sub->add_option("-n,--streams", options.streams, "Live streams at the same time")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  sub->add_option("--seconds", options.seconds, "Audio of each stream")
      ->check(CLI::Range(1.0, 1e6))
      ->capture_default_str();
  CLI::Option* ramp =
      sub->add_option("--ramp", options.ramp_seconds,
                      "Seconds over which streams start (else a quarter of --seconds, at most 5)")
          ->check(CLI::NonNegativeNumber);
  sub->add_option("--pause", command->pause_seconds,
                  "Seconds of silence after each recording, for utterances to end")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  sub->add_option("--packet-ms", options.packet_ms, "Audio in one message")
      ->check(CLI::Range(10, 10000))
      ->capture_default_str();
  sub->add_option("--connections", options.connections, "Shared by the streams")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  sub->add_option("--behind-ms", options.behind_ms, "A stream later than this fell behind")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("--every-chunk", options.every_chunk,
                "Have every step of the model answered and timed, not only changes of the text");
  sub->add_flag("--json", command->json, "Report as one JSON object");
  sub->parse_complete_callback([ramp, &options] {
    if (ramp->count() == 0) options.ramp_seconds = std::min(5.0, options.seconds / 4);
  });
}

}  // namespace

int RunApp(const std::vector<std::string>& arguments, Io& io) {
  try {
    CLI::App app("rill: speech recognition while you speak, from a rill server", "rill");
    Context context{app, io, {}, nullptr};
    app.require_subcommand(1);
    app.set_version_flag("--version", RILL_VERSION);
    app.footer(std::string(kMainHelp) + "\n" + kExitCodes);
    context.connection.AddTo(&app);
    AddStream(context);
    AddTranscribe(context);
    AddServerCommands(context);
    AddLoad(context);
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
      app.parse(std::move(reversed));
    } catch (const CLI::ParseError& error) {
      return app.exit(error, io.out, io.err) == 0 ? kExitOk : kExitUsage;
    }
    if (absl::Status status = context.connection.Finish(); !status.ok()) {
      io.err << "rill: " << status.message() << "\n";
      return kExitUsage;
    }
    return context.chosen();
  } catch (const std::exception& error) {
    io.err << "rill: " << error.what() << "\n";
    return kExitFailed;
  }
}

}  // namespace rill::client
