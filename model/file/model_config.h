// What a model is: sizes of its encoder, features, tokens. Read from a model file's metadata, where
// every field is checked. A plain value; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rill {

enum class AttentionMode {
  kRill,   // decay, sink, q/k norm, output norm and gate
  kPaper,  // Katharopoulos et al. (ICML 2020): none of them
};

struct ModelConfig {
  // Features: log-mel filterbank energies.
  int sample_rate = 16000;  // Hz
  int mel_bins = 80;
  // Encoder. Frames are 40 ms: four 10 ms feature frames.
  int width = 160;
  int blocks = 8;
  int heads = 2;  // of 64 each
  int ffn_width = 640;
  int conv_kernel = 15;
  int front_channels1 = 32;
  int front_channels2 = 64;
  AttentionMode attention = AttentionMode::kRill;
  int intermediate_block = 4;  // the block after which training adds a second CTC head; 0: none
  // Output.
  std::vector<std::string> tokens;  // tokens[0] is the blank; a space, alone or first, parts words
  // What the model also hears, beside the tokens, for decoding with a language model that knows how
  // its words are said: phones[0] is a blank of their own, " " parts words. Empty: nothing else.
  std::vector<std::string> phones;
  // Of the tokens as pieces of words: their log-probabilities, by which training cuts a text into
  // them (see model/training/data/token_table.h). Empty: the tokens are single characters.
  std::vector<float> token_scores;

  int num_tokens() const { return static_cast<int>(tokens.size()); }
  int num_phones() const { return static_cast<int>(phones.size()); }
  // Log-probabilities of a frame: the tokens', then the phones'; either's are of a sum of 1.
  int outputs() const { return num_tokens() + num_phones(); }
  int attention_width() const { return heads * 64; }
  // Mel bins after the front's two stride-2 convolutions.
  int front_bins() const { return ((mel_bins + 1) / 2 + 1) / 2; }

  // InvalidArgument naming the first field that is out of range.
  absl::Status Validate() const;

  // JSON object, the value of the metadata key "rill.config".
  std::string ToJson() const;
  static absl::StatusOr<ModelConfig> FromJson(const std::string& json);
};

inline constexpr int kFeatureFramesPerFrame = 4;  // subsampling
inline constexpr int kFeatureShiftMs = 10;
inline constexpr int kFrameMs = kFeatureShiftMs * kFeatureFramesPerFrame;
inline constexpr int kMaxChunkFrames = 16;  // 640 ms

// The named sizes of docs/models.md: "tiny" (for tests), "xs", "s", "m".
absl::StatusOr<ModelConfig> NamedModelConfig(const std::string& size);

// Blank, space, apostrophe, a-z.
std::vector<std::string> CharacterTokens();

}  // namespace rill
