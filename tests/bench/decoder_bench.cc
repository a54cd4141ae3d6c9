// What decoding costs, with the shipped model's log-probabilities of the clips in tests/data: CPU
// time for a second of audio of one stream ("s/s", to hold against EncoderStep's), and the words
// and search memory of a stream.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "model/decoder/ctc_beam_decoder.h"
#include "model/decoder/decoder_factory.h"
#include "tests/bench/log_prob_corpus.h"

namespace rill {
namespace {

constexpr char kFolder[] = RILL_SOURCE_DIR "/model/pretrained";
constexpr int64_t kSamplesPerFrame = 640;

// Read once.
struct Data {
  std::unique_ptr<ModelFile> file;
  std::unique_ptr<LanguageModel> language_model;
  std::vector<LogProbCorpus> corpora;
  std::string error;
};

Data Read() {
  Data data;
  auto file = ModelFile::Open(std::string(kFolder) + "/rill-en-m.safetensors");
  auto language_model = LanguageModel::Open(std::string(kFolder) + "/en-139k-3gram.rlm");
  if (!file.ok() || !language_model.ok()) {
    data.error = (file.ok() ? language_model.status() : file.status()).ToString();
    return data;
  }
  data.file = *std::move(file);
  data.language_model = *std::move(language_model);
  const auto encoder = Encoder::Create(*data.file, {});
  if (!encoder.ok()) {
    data.error = encoder.status().ToString();
    return data;
  }
  auto corpora = ReadLogProbs({RILL_SOURCE_DIR "/tests/data"}, **encoder, /*chunk_frames=*/8);
  if (!corpora.ok()) {
    data.error = corpora.status().ToString();
    return data;
  }
  data.corpora = *std::move(corpora);
  return data;
}

void Run(benchmark::State& state, const Data& data, const DecoderFactory& factory,
         CtcDecoder& decoder) {
  const auto outputs = static_cast<size_t>(data.file->config().outputs());
  int64_t frames = 0, words = 0;
  for (auto _ : state) {
    for (const LogProbClip& clip : data.corpora[0].clips) {
      for (size_t at = 0; at < clip.log_probs.size(); at += outputs) {
        const int64_t time = decoder.time();
        decoder.Accept(factory.Part(decoder.kind(), {clip.log_probs.data() + at, outputs}), time,
                       time + kSamplesPerFrame);
        ++frames;
      }
      words += static_cast<int64_t>(decoder.Take().words.size());
    }
  }
  using benchmark::Counter;
  const double seconds = static_cast<double>(frames) * kFrameMs / 1000;
  state.counters["s/s"] = Counter(seconds, Counter::kIsRate | Counter::kInvert);
  state.counters["words"] = static_cast<double>(words / state.iterations());
}

const Data* Get(benchmark::State& state) {
  static const Data data = Read();
  if (data.error.empty()) return &data;
  state.SkipWithError(data.error.c_str());
  return nullptr;
}

void DecodeGreedy(benchmark::State& state) {
  const Data* data = Get(state);
  if (data == nullptr) return;
  const DecoderFactory factory(&data->file->config().tokens);
  Run(state, *data, factory, *factory.New(nullptr));
}
BENCHMARK(DecodeGreedy)->Unit(benchmark::kMillisecond);

enum Vocabulary { kNoModel, kOpen, kLexicon };

// range: beam, hot words.
void DecodeBeam(benchmark::State& state, Vocabulary vocabulary) {
  const Data* data = Get(state);
  if (data == nullptr) return;
  const ModelConfig& config = data->file->config();
  const LanguageModel* model = vocabulary == kNoModel ? nullptr : data->language_model.get();
  DecoderOptions options;
  options.kind = DecoderOptions::Kind::kBeam;
  options.beam.beam = static_cast<int>(state.range(0));
  options.beam.lexicon = vocabulary == kLexicon;
  const auto factory =
      DecoderFactory::Create(&config.tokens, model, options, nullptr, &config.phones);
  if (!factory.ok()) {
    state.SkipWithError(factory.status().ToString().c_str());
    return;
  }
  std::vector<HotWord> hot_words;
  for (int i = 0; i < state.range(1); ++i) {
    std::string phrase = "name";
    for (int k = i + 1; k > 0; k /= 26) phrase += static_cast<char>('a' + k % 26);
    hot_words.push_back({phrase + " of " + phrase, 5});
  }
  const auto made = factory->MakeHotWords(hot_words);
  if (!made.ok()) {
    state.SkipWithError(made.status().ToString().c_str());
    return;
  }
  const std::unique_ptr<CtcDecoder> decoder = factory->New(*made, /*beam=*/true);
  Run(state, *data, *factory, *decoder);
  state.counters["bytes"] =
      static_cast<double>(static_cast<const CtcBeamDecoder&>(*decoder).bytes());
  state.counters["max_bytes"] = static_cast<double>(
      CtcBeamDecoder::MaxBytes(options.beam, std::max(config.num_tokens(), config.num_phones())));
}

BENCHMARK_CAPTURE(DecodeBeam, no_model, kNoModel)
    ->ArgNames({"beam", "hot_words"})
    ->Args({16, 0})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(DecodeBeam, open, kOpen)
    ->ArgNames({"beam", "hot_words"})
    ->Args({16, 0})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(DecodeBeam, lexicon, kLexicon)
    ->ArgNames({"beam", "hot_words"})
    ->Args({4, 0})
    ->Args({8, 0})
    ->Args({16, 0})
    ->Args({16, 1000})
    ->Args({32, 0})
    ->Args({128, 0})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rill
