// Streams with a beam, a language model and hot words, from bytes to events, with a tiny random
// model: its words are babble, but the same babble however the audio comes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <sstream>

#include "model/decoder/calibration.h"
#include "model/file/model_file.h"
#include "model/language_model/language_model_builder.h"
#include "model/recognizer.h"
#include "tests/model/small_arpa.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using Kind = StreamEvent::Kind;
using ::testing::HasSubstr;

std::vector<uint8_t> Noise(double seconds, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes;
  double level = 0;
  for (int i = 0; i < seconds * 16000; ++i) {
    if (i % 3000 == 0) level = static_cast<double>(random() % 4) / 30000.0;
    const auto sample =
        static_cast<int16_t>(level * (static_cast<int>(random() % 65536) - 32768) * 30000 / 32768);
    bytes.push_back(static_cast<uint8_t>(sample & 255));
    bytes.push_back(static_cast<uint8_t>((sample >> 8) & 255));
  }
  return bytes;
}

std::string Describe(const Hypothesis& hypothesis) {
  std::ostringstream out;
  out << "'" << hypothesis.text << "' " << hypothesis.score << " " << hypothesis.confidence;
  for (const Word& word : hypothesis.words) out << " " << word.start << "-" << word.end;
  return out.str();
}

std::string Describe(const StreamEvent& event) {
  std::ostringstream out;
  out << static_cast<int>(event.kind) << " " << event.start << "-" << event.end << " "
      << Describe(event.hypothesis);
  for (const Hypothesis& other : event.alternatives) out << " or " << Describe(other);
  return out.str();
}

class RecognizerDecoderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_path_ = folder_ / "tiny.safetensors";
    ASSERT_TRUE(WriteTestModel(model_path_).ok());
    std::vector<std::string> words;
    for (char a = 'a'; a <= 'z'; ++a) {
      words.emplace_back(1, a);
      for (char b = 'a'; b <= 'z'; b = static_cast<char>(b + 3)) words.push_back({a, b});
    }
    WriteText(folder_ / "lm.arpa", RandomArpa(words, 2, 1));
    lm_path_ = folder_ / "lm.rlm";
    ASSERT_TRUE(BuildLanguageModel(folder_ / "lm.arpa", lm_path_, nullptr).ok());
    RecognizerOptions options;
    options.language_model = lm_path_;
    auto recognizer = Recognizer::Load(model_path_, options);
    ASSERT_TRUE(recognizer.ok()) << recognizer.status();
    recognizer_ = *std::move(recognizer);
    ASSERT_NE(recognizer_->language_model(), nullptr);
    worker_ = *recognizer_->NewWorker(16);
  }

  static StreamOptions Options(bool lexicon) {
    StreamOptions options;
    options.audio = {AudioEncoding::kLinear16, 16000, 1};
    options.interim_results = false;
    options.endpoint.max_utterance_ms = 1500;
    options.decoder.kind = DecoderOptions::Kind::kBeam;
    options.decoder.beam.lexicon = lexicon;
    options.decoder.beam.beam = 8;
    options.decoder.alternatives = 3;
    options.decoder.hot_words = {{"zebra", 3}, {"a b", -2}};
    return options;
  }

  std::unique_ptr<RecognitionStream> Open(const StreamOptions& options) {
    auto stream = worker_->OpenStream(options);
    EXPECT_TRUE(stream.ok()) << stream.status();
    return stream.ok() ? *std::move(stream) : nullptr;
  }

  void Drain(RecognitionStream* stream, int max_chunks, std::vector<StreamEvent>* events) {
    while (stream->ready()) {
      EXPECT_TRUE(worker_->Step({&stream, 1}, max_chunks).ok());
      for (StreamEvent& event : stream->TakeEvents()) events->push_back(std::move(event));
    }
  }

  // Audio in pieces of `piece` bytes; at byte `change` the hot words change.
  std::vector<std::string> Hear(const std::vector<uint8_t>& audio, const StreamOptions& options,
                                size_t piece, int max_chunks, size_t change) {
    const auto stream = Open(options);
    std::vector<StreamEvent> events;
    for (size_t at = 0; at < audio.size();) {
      size_t size = std::min(piece, audio.size() - at);
      if (at < change) size = std::min(size, change - at);
      EXPECT_TRUE(stream->AcceptAudio(absl::MakeConstSpan(audio).subspan(at, size)).ok());
      at += size;
      if (at == change) {
        EXPECT_TRUE(stream->SetHotWords({{"q", 15}, {"x y", 10}}).ok());
      }
      if (at % 3 == 0) Drain(stream.get(), max_chunks, &events);
    }
    EXPECT_TRUE(stream->Finish().ok());
    Drain(stream.get(), max_chunks, &events);
    std::vector<std::string> described;
    for (const StreamEvent& event : events) described.push_back(Describe(event));
    return described;
  }

  const TemporaryFolder folder_;
  std::string model_path_, lm_path_;
  std::unique_ptr<Recognizer> recognizer_;
  std::unique_ptr<RecognitionWorker> worker_;
};

TEST_F(RecognizerDecoderTest, WordsDoNotDependOnTheCutOrTheSteps) {
  const std::vector<uint8_t> audio = Noise(6, 1);
  for (const bool lexicon : {false, true}) {
    const size_t change = 70000;
    const auto whole = Hear(audio, Options(lexicon), change, 1, change);
    EXPECT_GT(whole.size(), 3u);
    EXPECT_GT(whole[0].size(), 30u);
    EXPECT_EQ(Hear(audio, Options(lexicon), 641, 1, change), whole);
    EXPECT_EQ(Hear(audio, Options(lexicon), 9999, 3, change), whole);
    EXPECT_EQ(Hear(audio, Options(lexicon), 1000000, 1000, change), whole);
    EXPECT_NE(Hear(audio, Options(lexicon), 9999, 3, 0), whole);  // never changed
  }
}

TEST_F(RecognizerDecoderTest, HotWordsDoNotCutChunks) {
  const std::vector<uint8_t> audio = Noise(4, 2);
  StreamOptions options = Options(false);
  options.decoder.kind = DecoderOptions::Kind::kGreedy;
  options.decoder.hot_words.clear();
  std::vector<std::string> events[2];
  for (const bool change : {false, true}) {
    const auto stream = Open(options);
    std::vector<StreamEvent> heard;
    for (size_t at = 0; at < audio.size(); at += 2000) {
      ASSERT_TRUE(stream->AcceptAudio(absl::MakeConstSpan(audio).subspan(at, 2000)).ok());
      if (change) {
        ASSERT_TRUE(stream->SetHotWords({}).ok());
      }
      Drain(stream.get(), 1, &heard);
    }
    ASSERT_TRUE(stream->Finish().ok());
    Drain(stream.get(), 1, &heard);
    for (const StreamEvent& event : heard) events[change].push_back(Describe(event));
  }
  EXPECT_EQ(events[0], events[1]);
}

TEST_F(RecognizerDecoderTest, TheLexiconAndHotWordsAreAllThereIs) {
  const auto stream = Open(Options(true));
  ASSERT_TRUE(stream->AcceptAudio(Noise(10, 3)).ok());
  ASSERT_TRUE(stream->Finish().ok());
  std::vector<StreamEvent> events;
  Drain(stream.get(), 5, &events);
  int words = 0;
  size_t alternatives = 0;
  for (const StreamEvent& event : events) {
    std::set<std::string> texts = {event.hypothesis.text};
    alternatives += event.alternatives.size();
    EXPECT_LE(event.alternatives.size(), 3u);
    for (const Hypothesis& other : event.alternatives) {
      EXPECT_TRUE(texts.insert(other.text).second);
    }
    for (const Word& word : event.hypothesis.words) {
      ++words;
      EXPECT_TRUE(word.text == "zebra" ||
                  recognizer_->language_model()->lexicon().Find(word.text) != kUnknownWord)
          << word.text;
      EXPECT_GE(word.start, event.start);
      EXPECT_LE(word.end, event.end);
    }
  }
  EXPECT_GT(words, 5);
  EXPECT_GT(alternatives, 3u);
}

TEST_F(RecognizerDecoderTest, AGreedyStreamTakesHotWordsFromTheNextUtteranceOn) {
  const std::vector<uint8_t> audio = Noise(8, 4);
  StreamOptions options = Options(false);
  options.decoder.kind = DecoderOptions::Kind::kGreedy;
  options.decoder.hot_words.clear();
  const auto plain = Hear(audio, options, 5000, 1, 0);
  const auto changed = Hear(audio, options, 5000, 1, 100000);
  ASSERT_GT(plain.size(), 3u);
  EXPECT_EQ(changed[0], plain[0]);
  EXPECT_NE(changed, plain);
  EXPECT_THAT(changed.back(), HasSubstr("3 "));
}

TEST_F(RecognizerDecoderTest, OptionsAtFaultAreNamed) {
  const auto error = [this](auto change) {
    StreamOptions options = Options(false);
    change(options.decoder);
    const absl::Status status = worker_->OpenStream(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return status.ToString();
  };
  using D = DecoderOptions;
  EXPECT_THAT(error([](D& d) { d.beam.beam = 0; }), HasSubstr("decoder.beam.beam: 0 is not"));
  EXPECT_THAT(error([](D& d) { d.beam.beam = 129; }), HasSubstr("decoder.beam.beam: 129"));
  EXPECT_THAT(error([](D& d) { d.beam.lm_weight = NAN; }), HasSubstr("beam.lm_weight: nan"));
  EXPECT_THAT(error([](D& d) { d.beam.word_bonus = 21; }), HasSubstr("beam.word_bonus: 21"));
  EXPECT_THAT(error([](D& d) { d.beam.letter_bonus = NAN; }), HasSubstr("beam.letter_bonus: nan"));
  EXPECT_THAT(error([](D& d) { d.beam.blank_penalty = -21; }), HasSubstr("beam.blank_penalty"));
  EXPECT_THAT(error([](D& d) { d.beam.token_threshold = -1; }), HasSubstr("beam.token_threshold"));
  EXPECT_THAT(error([](D& d) { d.beam.beam_threshold = INFINITY; }),
              HasSubstr("beam.beam_threshold: inf"));
  EXPECT_THAT(error([](D& d) { d.beam.unknown_word_penalty = -1; }),
              HasSubstr("beam.unknown_word_penalty"));
  EXPECT_THAT(error([](D& d) { d.beam.unknown_letter_penalty = 101; }),
              HasSubstr("beam.unknown_letter_penalty"));
  EXPECT_THAT(error([](D& d) { d.alternatives = -1; }), HasSubstr("decoder.alternatives: -1"));
  EXPECT_THAT(error([](D& d) { d.kind = static_cast<D::Kind>(7); }), HasSubstr("decoder.kind"));
  EXPECT_THAT(error([](D& d) { d.hot_words = {{"x2", 1}}; }), HasSubstr("hot_words[0]: \"x2\""));
  EXPECT_EQ(worker_->slots_in_use(), 0);

  const auto stream = Open(Options(false));
  EXPECT_THAT(stream->SetHotWords({{"a", 99}}).ToString(), HasSubstr("hot_words[0]: \"a\": boost"));
  EXPECT_TRUE(stream->SetHotWords({{"a", 9}}).ok());
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(stream->SetHotWords({}).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(RecognizerDecoderTest, TheLexiconNeedsALanguageModel) {
  const auto recognizer = Recognizer::Load(model_path_, {});
  ASSERT_TRUE(recognizer.ok());
  EXPECT_EQ((*recognizer)->language_model(), nullptr);
  const auto worker = *(*recognizer)->NewWorker(1);
  EXPECT_THAT(worker->OpenStream(Options(true)).status().ToString(),
              HasSubstr("decoder.beam.lexicon: needs a language model"));
  EXPECT_TRUE(worker->OpenStream(Options(false)).ok());
}

TEST_F(RecognizerDecoderTest, ALanguageModelThatCannotBeReadIsNamed) {
  RecognizerOptions options;
  options.language_model = model_path_;
  EXPECT_THAT(Recognizer::Load(model_path_, options).status().ToString(),
              HasSubstr("tiny.safetensors: header: magic: this is no language model"));
  options.language_model = folder_ / "none.rlm";
  EXPECT_TRUE(absl::IsNotFound(Recognizer::Load(model_path_, options).status()));
}

TEST_F(RecognizerDecoderTest, ALanguageModelInOtherLettersIsRefused) {
  RecognizerOptions options;
  options.language_model = folder_ / "other.rlm";
  const auto load = [&](const std::vector<std::string>& words) {
    WriteText(folder_ / "other.arpa", RandomArpa(words, 1, 1));
    EXPECT_TRUE(BuildLanguageModel(folder_ / "other.arpa", options.language_model, nullptr).ok());
    return Recognizer::Load(model_path_, options).status();
  };
  const absl::Status status = load({"THE", "CAT", "Sat", "on", "naïve"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.ToString(), HasSubstr("other.rlm: only 1 of its 5 words"));
  EXPECT_TRUE(load({"THE", "CAT", "sat", "on", "it's"}).ok());
  EXPECT_TRUE(load({}).ok());
}

TEST_F(RecognizerDecoderTest, PiecesOfWordsAreHeardGreedilyOnly) {
  ModelConfig config = TinyModelConfig();
  for (size_t i = 3; i < config.tokens.size(); i += 2) config.tokens[i].insert(0, " x");
  const std::string path = folder_ / "pieces.safetensors";
  ASSERT_TRUE(WriteTestModel(path, config).ok());
  RecognizerOptions options;
  options.language_model = lm_path_;
  EXPECT_THAT(
      Recognizer::Load(path, options).status().ToString(),
      ::testing::AllOf(HasSubstr("lm.rlm: "), HasSubstr("pieces of words, such as \" xa\"")));

  const auto recognizer = Recognizer::Load(path, RecognizerOptions());
  ASSERT_TRUE(recognizer.ok()) << recognizer.status();
  const auto worker = *(*recognizer)->NewWorker(4);
  StreamOptions beam, hot;
  beam.decoder.kind = DecoderOptions::Kind::kBeam;
  hot.decoder.hot_words = {{"a", 1}};
  for (const StreamOptions& refused : {beam, hot}) {
    EXPECT_THAT(worker->OpenStream(refused).status().ToString(), HasSubstr("pieces of words"));
  }
  EXPECT_TRUE(worker->OpenStream(StreamOptions()).ok());
}

// Full lists of hot words count as what they occupy: behind audio that waits they fill a stream's
// queue, and without any they do not keep it from taking some.
TEST_F(RecognizerDecoderTest, HotWordsFillTheQueue) {
  std::vector<HotWord> many;
  for (int i = 0; i < 1000; ++i) {
    std::string phrase(80, 'a');
    for (size_t k = 0; k < 20; ++k)
      phrase[k] = static_cast<char>('a' + (i >> (k % 10)) % 2 + k / 10);
    many.push_back({phrase, 1});
  }
  std::sort(many.begin(), many.end(),
            [](const HotWord& a, const HotWord& b) { return a.phrase < b.phrase; });
  many.erase(std::unique(many.begin(), many.end(),
                         [](const HotWord& a, const HotWord& b) { return a.phrase == b.phrase; }),
             many.end());
  ASSERT_GT(many.size(), 500u);
  const auto stream = Open(Options(false));
  const std::vector<uint8_t> frame(2 * 160);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(stream->SetHotWords(many).ok());  // the last one counts
  EXPECT_FALSE(stream->ready());                                            // nothing to hear
  EXPECT_FALSE(stream->full());
  int lists = 0;
  absl::Status status;
  for (; status.ok() && lists < 1000; ++lists) {
    ASSERT_TRUE(stream->AcceptAudio(frame).ok());
    status = stream->ready() ? absl::OkStatus() : stream->SetHotWords(many);
  }
  EXPECT_THAT(status.ToString(), HasSubstr("hot_words: too many changes"));
  // Refused before anybody looks at the phrases.
  EXPECT_EQ(stream->SetHotWords({{"a", 99}}), status);
  EXPECT_LT(lists, 20);
  EXPECT_FALSE(stream->full());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(stream->AcceptAudio(frame).ok());
  EXPECT_TRUE(stream->ready());
  EXPECT_TRUE(stream->full());
  std::vector<StreamEvent> events;
  ASSERT_TRUE(stream->Finish().ok());
  Drain(stream.get(), 1, &events);
  EXPECT_EQ(stream->queued_frames(), 0);
  EXPECT_FALSE(stream->full());
}

TEST_F(RecognizerDecoderTest, TheModelFilesCalibrationSetsConfidence) {
  const auto load = [&](const std::string& calibration) {
    EXPECT_TRUE(SetModelMetadata(model_path_, CalibrationTable::kMetadataKey, calibration).ok());
    RecognizerOptions options;
    options.language_model = lm_path_;
    return Recognizer::Load(model_path_, options);
  };
  EXPECT_THAT(std::string(load("{\"beam\": 1}").status().message()),
              testing::HasSubstr("tiny.safetensors: metadata: rill.calibration: beam"));
  CalibrationTable table;
  Calibration calibration;
  calibration.confidence = {std::log(3)};  // always three in four
  table.Set("beam+lm", calibration);
  auto recognizer = load(table.ToJson());
  ASSERT_TRUE(recognizer.ok()) << recognizer.status();
  worker_ = nullptr;
  recognizer_ = *std::move(recognizer);
  auto worker = recognizer_->NewWorker(1);
  ASSERT_TRUE(worker.ok()) << worker.status();
  worker_ = *std::move(worker);
  int noise = 0;
  for (const bool enough : {true, false}) {
    StreamOptions options = Options(false);
    options.endpoint.max_utterance_ms = 1000;
    options.decoder.min_confidence = enough ? 0.7f : 0.8f;
    const auto stream = Open(options);
    ASSERT_TRUE(stream->AcceptAudio(Noise(4, 3)).ok());
    ASSERT_TRUE(stream->Finish().ok());
    std::vector<StreamEvent> events;
    Drain(stream.get(), 5, &events);
    ASSERT_GT(events.size(), 2u);
    events.pop_back();  // the end
    for (const StreamEvent& event : events) {
      const size_t words = event.hypothesis.words.size();
      if (words == 0) {  // an utterance that is taken for noise
        ++noise;
        EXPECT_FALSE(enough);
        EXPECT_TRUE(event.alternatives.empty());
      } else {
        EXPECT_TRUE(enough || words > 2);
        EXPECT_FLOAT_EQ(event.hypothesis.confidence, 0.75f);
      }
    }
  }
  EXPECT_GT(noise, 0);
}

}  // namespace
}  // namespace rill
