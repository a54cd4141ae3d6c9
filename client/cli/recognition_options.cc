#include "client/cli/recognition_options.h"

#include <string>
#include <utility>
#include <vector>

#include "client/cli/hot_word.h"

namespace rill::client {
namespace {

void AddHotWord(const std::string& text, v1::RecognitionConfig* config) {
  auto word = ParseHotWord(text);
  if (!word.ok()) {
    throw CLI::ValidationError("--hot-word", std::string(word.status().message()));
  }
  *config->add_hot_words() = *std::move(word);
}

template <typename Value, typename Set>
CLI::Option* Add(CLI::App* app, const char* flag, const char* type, const char* help,
                 const Set& set) {
  return app
      ->add_option_function<Value>(
          flag, [set](const Value& value) { set(value); }, help)
      ->type_name(type);
}

}  // namespace

void AddRecognitionOptions(CLI::App* app, v1::RecognitionConfig* config) {
  const auto decoding = [config] { return config->mutable_decoding(); };
  Add<std::string>(app, "-m,--model", "NAME",
                   "A name from `rill models`; else the server's default",
                   [=](const std::string& name) { config->set_model(name); });
  Add<int>(app, "--chunk-ms", "MS",
           "Audio the model takes at a time: less answers sooner, more is more accurate; else the "
           "server's default",
           [=](int ms) { config->set_chunk_ms(ms); })
      ->check(CLI::IsMember({40, 80, 160, 320, 640}));

  const char* kDecoding = "Decoding (docs/decoding.md)";
  app->add_flag_callback(
         "--greedy", [=] { decoding()->set_method(v1::DecodingConfig::GREEDY); },
         "The best letter of every frame, without a language model")
      ->group(kDecoding);
  Add<int>(app, "--beam", "N", "Beam search that keeps N hypotheses",
           [=](int beam) {
             decoding()->set_method(v1::DecodingConfig::BEAM);
             decoding()->set_beam(beam);
           })
      ->check(CLI::Range(1, 128))
      ->excludes("--greedy")
      ->group(kDecoding);
  Add<float>(app, "--lm-weight", "X", "Of the language model, 0 to 10", [=](float weight) {
    decoding()->set_lm_weight(weight);
  })->group(kDecoding);
  Add<float>(app, "--word-bonus", "X", "Added for each word, -20 to 20", [=](float bonus) {
    decoding()->set_word_bonus(bonus);
  })->group(kDecoding);
  Add<float>(app, "--letter-bonus", "X", "Added for each letter, -20 to 20", [=](float bonus) {
    decoding()->set_letter_bonus(bonus);
  })->group(kDecoding);
  Add<float>(app, "--blank-penalty", "X", "More gives more letters, -20 to 20", [=](float penalty) {
    decoding()->set_blank_penalty(penalty);
  })->group(kDecoding);
  Add<float>(app, "--token-threshold", "X",
             "Letters this much less likely than the best are not tried, 0 to 100",
             [=](float threshold) { decoding()->set_token_threshold(threshold); })
      ->group(kDecoding);
  Add<float>(app, "--beam-threshold", "X",
             "Hypotheses this much worse than the best are dropped, 0 to 1000",
             [=](float threshold) { decoding()->set_beam_threshold(threshold); })
      ->group(kDecoding);
  app->add_flag_callback(
         "--lexicon-only", [=] { decoding()->set_lexicon_only(true); },
         "Only words of the language model, and hot words")
      ->group(kDecoding);
  Add<float>(app, "--min-confidence", "X",
             "Utterances of one or two words with less confidence, 0 to 1, are noise",
             [=](float confidence) { decoding()->set_min_confidence(confidence); })
      ->check(CLI::Range(0.0, 1.0))
      ->group(kDecoding);
  app->add_option_function<std::vector<std::string>>(
         "--hot-word",
         [=](const std::vector<std::string>& words) {
           for (const std::string& word : words) AddHotWord(word, config);
         },
         "A name or term that is likely: \"anna karenina\" or \"anna karenina=8\", the boost from "
         "-20 to 20 (5 if not given). May be given several times")
      ->type_name("PHRASE[=BOOST]")
      ->allow_extra_args(false)
      ->group(kDecoding);

  const auto endpoint = [config] { return config->mutable_endpoint(); };
  const char* kEndpoint = "Sentence ends (docs/decoding.md)";
  Add<int>(app, "--silence-after-words-ms", "MS",
           "Silence that ends an utterance after words, 40 to 3600000; else 1000",
           [=](int ms) { endpoint()->set_silence_after_words_ms(ms); })
      ->group(kEndpoint);
  Add<int>(
      app, "--silence-without-words-ms", "MS",
      "Silence without any word that gives an empty final result, up to 3600000; else 0: never",
      [=](int ms) { endpoint()->set_silence_without_words_ms(ms); })
      ->group(kEndpoint);
  Add<int>(app, "--max-utterance-ms", "MS",
           "The longest utterance, 1000 to 3600000, or 0 for ten minutes, never more; else 20000",
           [=](int ms) { endpoint()->set_max_utterance_ms(ms); })
      ->group(kEndpoint);
  app->add_flag_callback(
         "--no-endpoints", [=] { endpoint()->set_enabled(false); },
         "None of these: results are final at a flush, at the end, and after ten minutes")
      ->excludes("--silence-after-words-ms")
      ->excludes("--silence-without-words-ms")
      ->excludes("--max-utterance-ms")
      ->group(kEndpoint);

  const char* kText = "Text";
  app->add_flag_callback(
         "--written", [=] { config->set_inverse_text_normalization(true); },
         "Numbers, money, dates and times as they are written: $25 for twenty five dollars")
      ->group(kText);
  app->add_flag_callback(
         "--mask-profanity", [=] { config->set_mask_profanity(true); },
         "Offensive words keep their first letter only")
      ->group(kText);
}

CLI::Option* AddAlternatives(CLI::App* app, v1::RecognitionConfig* config) {
  return Add<int>(app, "--alternatives", "N", "Up to N other texts beside each final one, in JSON",
                  [=](int count) { config->set_alternatives(count); })
      ->check(CLI::Range(0, 100))
      ->group("Text");
}

}  // namespace rill::client
