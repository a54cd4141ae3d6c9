// rill-decode-eval: what the decoder makes of recordings with texts. See docs/decoding.md.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/decoding/calibrate_command.h"
#include "tests/bench/decoding/hot_words_command.h"
#include "tests/bench/decoding/interim_command.h"
#include "tests/bench/decoding/noise_command.h"
#include "tests/bench/decoding/sweep_command.h"
#include "tests/bench/decoding/times_command.h"

namespace rill {
namespace {

constexpr char kAbout[] =
    "What the decoder makes of recordings with texts. Every command prints lines of fields parted "
    "by\n"
    "tabs, the first names the kind of line; comments (#) name the others.";

constexpr char kExample[] =
    "  rill-decode-eval sweep --model model/pretrained/rill-en-m.safetensors \\\n"
    "    --lm model/pretrained/en-139k-3gram.rlm --decoder lexicon --lm-weight 0.3,0.5 SPEECH/dev\n"
    "scripts/measure_decoding.sh runs all of them.\n";

class Program {
 public:
  Program() : app_(kAbout) {
    app_.footer(kExample);
    app_.require_subcommand(1);
    AddSweep();
    AddCalibrate();
    AddInterim();
    AddTimes();
    AddNoise();
    AddHotWords();
  }

  int Run(int argc, char** argv) {
    CLI11_PARSE(app_, argc, argv);
    const absl::Status status = Evaluate();
    if (status.ok()) return 0;
    std::fprintf(stderr, "rill-decode-eval: %s\n", status.ToString().c_str());
    return 1;
  }

 private:
  using Decoders = std::vector<std::string>;

  absl::Status Evaluate() const {
    const auto evaluation = Evaluation::Open(options_);
    return evaluation.ok() ? run_(**evaluation) : evaluation.status();
  }

  template <typename Command>
  CLI::App* Add(const char* name, const char* what, std::shared_ptr<Command> command) {
    CLI::App* sub = app_.add_subcommand(name, what);
    sub->add_option("--model", options_.model, "Speech model, *.safetensors")->required();
    sub->add_option("--lm", options_.language_model, "Language model, *.rlm");
    sub->add_option("--chunk", options_.chunk, "Encoder frames a chunk")
        ->check(CLI::IsMember(std::vector<int>(std::begin(kChunkFrames), std::end(kChunkFrames))))
        ->capture_default_str();
    sub->add_option("--cache", options_.cache,
                    "Folder that keeps what the encoder makes of the recordings");
    sub->add_option("recordings", options_.corpora,
                    "Folders with manifest.tsv, or manifests; of noise: folders of recordings, of "
                    "which those are heard "
                    "that rill-train leaves out")
        ->required();
    sub->callback([this, command] {
      run_ = [command](const Evaluation& evaluation) { return command->Run(evaluation); };
    });
    return sub;
  }

  template <typename Values>
  static CLI::Option* AddList(CLI::App* sub, const char* flag, Values& values, const char* text) {
    return sub->add_option(flag, values, text)->delimiter(',')->capture_default_str();
  }

  static void AddDecoders(CLI::App* sub, Decoders& decoders) {
    AddList(sub, "--decoder", decoders,
            "greedy; beam: without language model; open (any letters), lexicon: with it")
        ->check(CLI::IsMember({"greedy", "beam", "open", "lexicon"}));
  }

  void AddSweep() {
    auto command = std::make_shared<SweepCommand>();
    CLI::App* sub = Add("sweep", "Word error rates for every combination of settings", command);
    Sweep& sweep = command->sweep;
    AddDecoders(sub, sweep.decoders);
    sub->add_option("--half", command->half, "Of each manifest's clips: all, odd or even ones")
        ->check(CLI::IsMember({"all", "odd", "even"}))
        ->capture_default_str();
    sub->add_flag("--show", command->show, "Print what was said and what was heard");
    AddList(sub, "--beam", sweep.beams, "Hypotheses");
    AddList(sub, "--lm-weight", sweep.lm_weights, "Weight of the language model");
    AddList(sub, "--word-bonus", sweep.word_bonuses, "Added for each word");
    AddList(sub, "--letter-bonus", sweep.letter_bonuses, "Added for each letter");
    AddList(sub, "--blank-penalty", sweep.blank_penalties, "Taken off the blank");
    AddList(sub, "--token-threshold", sweep.token_thresholds,
            "Letters worse than the best by more: not tried");
    AddList(sub, "--beam-threshold", sweep.beam_thresholds,
            "Texts worse than the best by more: dropped");
    AddList(sub, "--unknown-word", sweep.unknown_words, "Penalty of an unknown word");
    AddList(sub, "--unknown-letter", sweep.unknown_letters, "Penalty of each of its letters");
    AddList(sub, "--min-confidence", sweep.min_confidences, "Utterances with less are noise");
    AddList(sub, "--alternatives", sweep.alternatives, "Other texts asked for");
  }

  void AddCalibrate() {
    auto command = std::make_shared<CalibrateCommand>();
    CLI::App* sub = Add("calibrate", "Fit confidence and stability to the model", command);
    sub->add_flag("--write", command->write,
                  "Write the weights, fitted on all recordings, into the model file");
  }

  void AddInterim() {
    auto command = std::make_shared<InterimCommand>();
    AddDecoders(Add("interim", "How interim results change, a chunk at a time", command),
                command->decoders);
  }

  void AddTimes() {
    auto command = std::make_shared<TimesCommand>();
    CLI::App* sub = Add("times", "Word times against a forced alignment", command);
    AddDecoders(sub, command->decoders);
    sub->add_option("--reference-chunk", command->reference_chunk,
                    "Encoder frames a chunk for the alignment")
        ->capture_default_str();
  }

  void AddNoise() {
    auto command = std::make_shared<NoiseCommand>();
    CLI::App* sub = Add("noise", "Words where nobody speaks", command);
    sub->preparse_callback([this](size_t) { options_.noise = true; });
    AddDecoders(sub, command->decoders);
    AddList(sub, "--min-confidence", command->min_confidences, "Utterances with less are noise");
    AddList(sub, "--without", options_.without,
            "Patterns of file names, such as 'voice-*': not these recordings");
    sub->add_flag("--show", command->show, "Print them");
  }

  void AddHotWords() {
    auto command = std::make_shared<HotWordsCommand>();
    CLI::App* sub = Add("hot-words", "Rare words found and heard in vain, by boost", command);
    AddDecoders(sub, command->decoders);
    AddList(sub, "--boost", command->boosts, "0: no hot words");
    sub->add_option("--common", command->common,
                    "Words among so many most likely ones of the language model are not rare")
        ->capture_default_str();
    sub->add_flag("--pool", command->pool,
                  "The rare words of all sets at once, of which each set says a part");
    sub->add_flag("--show", command->show, "Print the rare words");
  }

  CLI::App app_;
  EvaluationOptions options_;
  std::function<absl::Status(const Evaluation&)> run_;
};

}  // namespace
}  // namespace rill

int main(int argc, char** argv) { return rill::Program().Run(argc, argv); }
