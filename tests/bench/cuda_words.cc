// rill-cuda-words: whether a GPU hears the words that the processor hears. Both decode the same
// recordings, many streams at a time and in pieces, as a server's do. Prints one table, a row for
// each corpus, precision, chunk length and decoder; fails if any word differs in float, where
// rounding alone separates the two. (In BFloat16 that can turn a word that was nearly another.)
//
//   rill-cuda-words --model model/pretrained/rill-en-m.safetensors SPEECH/dev
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kernels/cpu/simd.h"
#include "model/audio/audio_file.h"
#include "model/recognizer.h"
#include "model/training/data/error_rate.h"
#include "model/training/data/manifest.h"

namespace rill {
namespace {

using training::EditCounts;
using training::WordErrors;

constexpr int kPieceSamples = 16000;  // of every stream in turn
constexpr int kMaxChunksPerStep = 8;

struct Clip {
  std::string said;
  std::vector<float> samples;  // at 16 kHz
};

struct Corpus {
  std::string name;
  std::vector<Clip> clips;
};

struct Flags {
  std::string model, language_model, device = "cuda";
  std::vector<std::string> recordings;
  std::vector<int> chunks = {4, 8};
  int streams = 64;
  int threads = static_cast<int>(std::thread::hardware_concurrency());
};

absl::StatusOr<std::vector<Corpus>> ReadCorpora(const std::vector<std::string>& paths) {
  const auto manifests = training::ReadManifests(paths);
  if (!manifests.ok()) return manifests.status();
  std::vector<Corpus> corpora;
  for (const training::Manifest& manifest : *manifests) {
    Corpus& corpus = corpora.emplace_back();
    corpus.name = manifest.name;
    for (const training::ManifestClip& clip : manifest.clips) {
      auto samples = ReadAudioFileAt(manifest.AudioPath(clip), kPieceSamples);
      if (!samples.ok()) return samples.status();
      corpus.clips.push_back({clip.text, *std::move(samples)});
    }
  }
  return corpora;
}

// One clip on its way through a recogniser.
struct Hearing {
  const Clip* clip;
  std::string* heard;
  std::unique_ptr<RecognitionStream> stream;
  size_t sent = 0;
  bool finished = false, ended = false;

  absl::Status SendPiece() {
    if (finished) return absl::OkStatus();
    const size_t count = std::min<size_t>(kPieceSamples, clip->samples.size() - sent);
    const auto* bytes = reinterpret_cast<const uint8_t*>(clip->samples.data() + sent);
    sent += count;
    absl::Status status = stream->AcceptAudio({bytes, count * sizeof(float)});
    finished = sent == clip->samples.size();
    if (status.ok() && finished) status = stream->Finish();
    return status;
  }

  void TakeWords() {
    for (const StreamEvent& event : stream->TakeEvents()) {
      if (event.kind == StreamEvent::Kind::kFinal && !event.hypothesis.text.empty()) {
        absl::StrAppend(heard, heard->empty() ? "" : " ", event.hypothesis.text);
      }
      ended |= event.kind == StreamEvent::Kind::kEnd;
    }
  }
};

// The clips from `first` on, `stride` apart: as many streams at a time as the worker has slots.
absl::Status HearShare(RecognitionWorker& worker, const StreamOptions& options,
                       const std::vector<Clip>& clips, size_t first, size_t stride,
                       std::vector<std::string>* heard) {
  std::vector<Hearing> hearings;
  for (size_t next = first; next < clips.size() || !hearings.empty();) {
    while (next < clips.size() && static_cast<int>(hearings.size()) < worker.slots()) {
      auto stream = worker.OpenStream(options);
      if (!stream.ok()) return stream.status();
      hearings.push_back({&clips[next], &(*heard)[next], *std::move(stream)});
      next += stride;
    }
    for (Hearing& hearing : hearings) {
      if (absl::Status status = hearing.SendPiece(); !status.ok()) return status;
    }
    for (;;) {
      std::vector<RecognitionStream*> ready;
      for (Hearing& hearing : hearings) {
        if (hearing.stream->ready()) ready.push_back(hearing.stream.get());
      }
      if (ready.empty()) break;
      if (absl::Status status = worker.Step(ready, kMaxChunksPerStep); !status.ok()) return status;
    }
    for (Hearing& hearing : hearings) {
      hearing.TakeWords();
      if (hearing.finished && !hearing.ended) return absl::InternalError("a stream does not end");
    }
    std::erase_if(hearings, [](const Hearing& hearing) { return hearing.ended; });
  }
  return absl::OkStatus();
}

// What is heard of every clip, by `threads` workers at once.
absl::StatusOr<std::vector<std::string>> Hear(const Recognizer& recognizer,
                                              const StreamOptions& options,
                                              const std::vector<Clip>& clips, int streams,
                                              int threads) {
  std::vector<std::string> heard(clips.size());
  std::vector<absl::Status> statuses(static_cast<size_t>(threads));
  std::vector<std::thread> team;
  for (size_t t = 0; t < statuses.size(); ++t) {
    team.emplace_back([&, t] {
      auto worker = recognizer.NewWorker(streams);
      statuses[t] = worker.ok() ? HearShare(**worker, options, clips, t, statuses.size(), &heard)
                                : worker.status();
    });
  }
  for (std::thread& thread : team) thread.join();
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return heard;
}

class Comparison {
 public:
  explicit Comparison(const Flags& flags) : flags_(flags) {}

  // True if every word is the same in float.
  absl::StatusOr<bool> Run() {
    absl::Status no_cuda;
    const auto device = ChooseDevice(flags_.device, &no_cuda);
    if (!device.ok()) return device.status();
    auto corpora = ReadCorpora(flags_.recordings);
    if (!corpora.ok()) return corpora.status();
    corpora_ = *std::move(corpora);
    for (const bool bfloat16 : {false, true}) {
      const auto cpu = Load(Device(), bfloat16), other = Load(*device, bfloat16);
      for (const auto* recognizer : {&cpu, &other}) {
        if (!recognizer->ok()) return recognizer->status();
      }
      if (!bfloat16) {
        std::printf(
            "cpu against %s\n\n| recordings | type | chunk ms | decoder | words | wrong, "
            "cpu | wrong, device | heard differently |\n|---|---|---|---|---|---|---|---|\n",
            (*other)->device().c_str());
      }
      if (absl::Status status = Compare(**cpu, **other, bfloat16); !status.ok()) return status;
    }
    return same_in_float_;
  }

 private:
  absl::StatusOr<std::unique_ptr<Recognizer>> Load(const Device& device, bool bfloat16) const {
    RecognizerOptions options;
    options.encoder.precision =
        bfloat16 && kernels::HasFastBFloat16() ? kernels::MatmulPrecision::kBFloat16
                                               : kernels::MatmulPrecision::kFloat;
    options.device = device;
    options.language_model = flags_.language_model;
    return Recognizer::Load(flags_.model, options);
  }

  absl::Status Compare(const Recognizer& cpu, const Recognizer& other, bool bfloat16) {
    std::vector<DecoderOptions::Kind> kinds = {DecoderOptions::Kind::kGreedy};
    if (!flags_.language_model.empty()) kinds.push_back(DecoderOptions::Kind::kBeam);
    for (const Corpus& corpus : corpora_) {
      for (const int chunk : flags_.chunks) {
        for (const DecoderOptions::Kind kind : kinds) {
          const bool is_greedy = kind == DecoderOptions::Kind::kGreedy;
          StreamOptions options;
          options.audio.encoding = AudioEncoding::kFloat32;
          options.audio.sample_rate = kPieceSamples;
          options.chunk_frames = chunk;
          options.interim_results = false;
          options.decoder.kind = kind;
          options.decoder.beam.lexicon = !is_greedy;
          const auto wanted = Hear(cpu, options, corpus.clips, flags_.streams, flags_.threads);
          if (!wanted.ok()) return wanted.status();
          const auto heard = Hear(other, options, corpus.clips, flags_.streams, 1);
          if (!heard.ok()) return heard.status();
          EditCounts wrong, wrong_there, different;
          for (size_t i = 0; i < corpus.clips.size(); ++i) {
            wrong += WordErrors(corpus.clips[i].said, (*wanted)[i]);
            wrong_there += WordErrors(corpus.clips[i].said, (*heard)[i]);
            different += WordErrors((*wanted)[i], (*heard)[i]);
          }
          same_in_float_ &= bfloat16 || different.errors() == 0;
          std::printf("| %s | %s | %d | %s | %lld | %.2f %% | %.2f %% | %lld |\n",
                      corpus.name.c_str(), bfloat16 ? "bfloat16" : "float", chunk * kFrameMs,
                      is_greedy ? "greedy" : "language model",
                      static_cast<long long>(wrong.reference), wrong.rate(), wrong_there.rate(),
                      static_cast<long long>(different.errors()));
          std::fflush(stdout);
        }
      }
    }
    return absl::OkStatus();
  }

  const Flags& flags_;
  std::vector<Corpus> corpora_;
  bool same_in_float_ = true;
};

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Whether a GPU hears the words that the processor hears");
  app.add_option("--model", flags.model, "Speech model, *.safetensors")->required();
  app.add_option("--lm", flags.language_model, "Language model, *.rlm: decodes with it, too");
  app.add_option("--device", flags.device, "What is held against the processor: cuda, cuda:N, cpu")
      ->capture_default_str();
  app.add_option("--chunk", flags.chunks, "Encoder frames a chunk")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<int>(std::begin(kChunkFrames), std::end(kChunkFrames))))
      ->capture_default_str();
  app.add_option("--streams", flags.streams, "Streams at a time, of each worker")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--threads", flags.threads, "Workers on the processor")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("recordings", flags.recordings, "Folders with manifest.tsv, or manifests")
      ->required();
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<bool> same = Comparison(flags).Run();
  if (!same.ok()) {
    std::fprintf(stderr, "rill-cuda-words: %s\n", std::string(same.status().message()).c_str());
    return 1;
  }
  if (!*same) std::fprintf(stderr, "rill-cuda-words: words differ in float\n");
  return *same ? 0 : 1;
}

}  // namespace
}  // namespace rill

int main(int argc, char** argv) { return rill::Main(argc, argv); }
