#include "model/file/model_config.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "model/file/utf8.h"
#include "nlohmann/json.hpp"

namespace rill {
namespace {

using nlohmann::json;

constexpr size_t kMaxConfigBytes = 4 << 20;
constexpr size_t kMaxTokens = 16384;
constexpr size_t kMaxTokenBytes = 64;
constexpr size_t kMaxPhones = 256;
constexpr char kBlankToken[] = "<blank>";
constexpr char kAttentionField[] = "attention";
constexpr char kTokensField[] = "tokens";
constexpr char kPhonesField[] = "phones";
constexpr char kScoresField[] = "token_scores";

// The ranges bound what a hostile file can ask for: at most some 12 MB of state per stream.
struct IntField {
  const char* name;
  int ModelConfig::*member;
  int min;
  int max;
  int multiple = 1;
};

constexpr IntField kIntFields[] = {
    {"sample_rate", &ModelConfig::sample_rate, 16000, 16000},
    {"mel_bins", &ModelConfig::mel_bins, 16, 256},
    {"width", &ModelConfig::width, 16, 1024, 16},
    {"blocks", &ModelConfig::blocks, 1, 32},
    {"heads", &ModelConfig::heads, 1, 16},
    {"ffn_width", &ModelConfig::ffn_width, 16, 4096, 16},
    {"conv_kernel", &ModelConfig::conv_kernel, 2, 32},
    {"front_channels1", &ModelConfig::front_channels1, 1, 256},
    {"front_channels2", &ModelConfig::front_channels2, 1, 256},
    {"intermediate_block", &ModelConfig::intermediate_block, 0, 32},
};

absl::Status FieldError(const std::string& field, const std::string& problem) {
  return absl::InvalidArgumentError(absl::StrCat("model config: ", field, " ", problem));
}

const char* AttentionName(AttentionMode mode) {
  return mode == AttentionMode::kPaper ? "paper" : "rill";
}

absl::Status ValidateTokens(const std::vector<std::string>& tokens, const std::string& name,
                            size_t most) {
  if (tokens.size() < 2 || tokens.size() > most) {
    return FieldError(name, absl::StrCat("must have 2 to ", most, " entries, not ", tokens.size()));
  }
  if (tokens[0] != kBlankToken) {
    return FieldError(name + "[0]", absl::StrCat("must be the blank, \"", kBlankToken, "\""));
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string field = absl::StrCat(name, "[", i, "]");
    const std::string& token = tokens[i];
    if (token.empty() || token.size() > kMaxTokenBytes) {
      return FieldError(field, absl::StrCat("must have 1 to ", kMaxTokenBytes, " bytes"));
    }
    if (!IsValidUtf8(token)) return FieldError(field, "is not valid UTF-8");
    for (const char c : token) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
        return FieldError(field, "has a control character");
      }
    }
    if (!seen.insert(token).second) return FieldError(field, "is there twice");
  }
  return absl::OkStatus();
}

absl::Status ValidatePhones(const std::vector<std::string>& phones) {
  if (phones.empty()) return absl::OkStatus();
  absl::Status status = ValidateTokens(phones, kPhonesField, kMaxPhones);
  if (status.ok() && std::find(phones.begin(), phones.end(), " ") == phones.end()) {
    status = FieldError(kPhonesField, "must have \" \", which parts words");
  }
  return status;
}

absl::Status ValidateScores(const std::vector<float>& scores, size_t tokens) {
  if (!scores.empty() && scores.size() != tokens) {
    return FieldError(kScoresField, absl::StrCat("must have ", tokens,
                                                 " entries, one a token, not ", scores.size()));
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!std::isfinite(scores[i])) {
      return FieldError(absl::StrCat(kScoresField, "[", i, "]"), "is not finite");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadInt(const json& object, const IntField& field, ModelConfig* config) {
  const auto it = object.find(field.name);
  if (it == object.end()) return FieldError(field.name, "is missing");
  if (!it->is_number_integer()) return FieldError(field.name, "must be an integer");
  // An unsigned number beyond int64 would wrap on the way to a signed one.
  const bool fits = it->is_number_unsigned()
                        ? it->get<uint64_t>() <= uint64_t{std::numeric_limits<int>::max()}
                        : it->get<int64_t>() >= std::numeric_limits<int>::min();
  if (!fits) {
    return FieldError(field.name, absl::StrCat("must be ", field.min, " to ", field.max));
  }
  config->*field.member = static_cast<int>(it->get<int64_t>());
  return absl::OkStatus();
}

absl::Status ReadAttention(const json& object, ModelConfig* config) {
  const auto it = object.find(kAttentionField);
  if (it == object.end()) return FieldError(kAttentionField, "is missing");
  for (const AttentionMode mode : {AttentionMode::kRill, AttentionMode::kPaper}) {
    if (*it == AttentionName(mode)) {
      config->attention = mode;
      return absl::OkStatus();
    }
  }
  return FieldError(kAttentionField, "must be \"rill\" or \"paper\"");
}

absl::Status ReadStrings(const json& strings, const std::string& name,
                         std::vector<std::string>* into) {
  if (!strings.is_array()) return FieldError(name, "must be an array of strings");
  for (const json& one : strings) {
    if (!one.is_string()) return FieldError(name, "must be an array of strings");
    into->push_back(one.get<std::string>());
  }
  return absl::OkStatus();
}

absl::Status ReadTokens(const json& object, ModelConfig* config) {
  const auto it = object.find(kTokensField);
  if (it == object.end()) return FieldError(kTokensField, "is missing");
  return ReadStrings(*it, kTokensField, &config->tokens);
}

// May be missing, as the scores may.
absl::Status ReadPhones(const json& object, ModelConfig* config) {
  const auto it = object.find(kPhonesField);
  return it == object.end() ? absl::OkStatus() : ReadStrings(*it, kPhonesField, &config->phones);
}

absl::Status ReadScores(const json& object, ModelConfig* config) {
  const auto it = object.find(kScoresField);
  if (it == object.end()) return absl::OkStatus();
  if (!it->is_array() || it->empty())
    return FieldError(kScoresField, "must be an array of numbers");
  for (const json& score : *it) {
    if (!score.is_number()) return FieldError(kScoresField, "must be an array of numbers");
    const double value = score.get<double>();
    if (std::abs(value) > std::numeric_limits<float>::max()) {
      return FieldError(kScoresField, "has a number that is too large");
    }
    config->token_scores.push_back(static_cast<float>(value));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ModelConfig::Validate() const {
  for (const IntField& field : kIntFields) {
    const int value = this->*field.member;
    if (value < field.min || value > field.max) {
      return FieldError(field.name,
                        absl::StrCat("must be ", field.min, " to ", field.max, ", not ", value));
    }
    if (value % field.multiple != 0) {
      return FieldError(field.name,
                        absl::StrCat("must be a multiple of ", field.multiple, ", not ", value));
    }
  }
  if (intermediate_block > blocks) {
    return FieldError("intermediate_block", absl::StrCat("is beyond the ", blocks, " blocks"));
  }
  absl::Status status = ValidateTokens(tokens, kTokensField, kMaxTokens);
  if (status.ok()) status = ValidatePhones(phones);
  return status.ok() ? ValidateScores(token_scores, tokens.size()) : status;
}

std::string ModelConfig::ToJson() const {
  json object;
  for (const IntField& field : kIntFields) object[field.name] = this->*field.member;
  object[kAttentionField] = AttentionName(attention);
  object[kTokensField] = tokens;
  if (!phones.empty()) object[kPhonesField] = phones;
  if (!token_scores.empty()) object[kScoresField] = token_scores;
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::StatusOr<ModelConfig> ModelConfig::FromJson(const std::string& text) {
  if (text.size() > kMaxConfigBytes) {
    return absl::InvalidArgumentError("model config: more than 4 MiB of JSON");
  }
  bool too_deep = false;
  const auto shallow = [&too_deep](int depth, json::parse_event_t, json&) {
    too_deep |= depth > 2;
    return depth <= 2;
  };
  const json object = json::parse(text, shallow, /*allow_exceptions=*/false);
  if (object.is_discarded() || !object.is_object() || too_deep) {
    return absl::InvalidArgumentError("model config: not a flat JSON object");
  }
  ModelConfig config;
  for (const IntField& field : kIntFields) {
    if (const absl::Status status = ReadInt(object, field, &config); !status.ok()) return status;
  }
  if (const absl::Status status = ReadAttention(object, &config); !status.ok()) return status;
  if (const absl::Status status = ReadTokens(object, &config); !status.ok()) return status;
  if (const absl::Status status = ReadPhones(object, &config); !status.ok()) return status;
  if (const absl::Status status = ReadScores(object, &config); !status.ok()) return status;
  if (object.size() != std::size(kIntFields) + 2) {
    for (const auto& [key, value] : object.items()) {
      bool known = key == kAttentionField || key == kTokensField || key == kPhonesField ||
                   key == kScoresField;
      for (const IntField& field : kIntFields) known |= key == field.name;
      if (!known) return FieldError(key, "is not a field of this format");
    }
  }
  if (const absl::Status status = config.Validate(); !status.ok()) return status;
  return config;
}

std::vector<std::string> CharacterTokens() {
  std::vector<std::string> tokens = {kBlankToken, " ", "'"};
  for (char letter = 'a'; letter <= 'z'; ++letter) tokens.emplace_back(1, letter);
  return tokens;
}

absl::StatusOr<ModelConfig> NamedModelConfig(const std::string& size) {
  ModelConfig config;
  config.tokens = CharacterTokens();
  if (size == "tiny") {
    config.width = 32;
    config.blocks = 2;
    config.heads = 1;
    config.ffn_width = 64;
    config.front_channels1 = 4;
    config.front_channels2 = 8;
    config.intermediate_block = 1;
  } else if (size == "xs") {
    config.width = 160;
    config.blocks = 8;
    config.heads = 2;
    config.ffn_width = 640;
    config.intermediate_block = 4;
  } else if (size == "s") {
    config.width = 192;
    config.blocks = 12;
    config.heads = 3;
    config.ffn_width = 768;
    config.intermediate_block = 6;
  } else if (size == "m") {
    config.width = 256;
    config.blocks = 12;
    config.heads = 4;
    config.ffn_width = 1024;
    config.intermediate_block = 6;
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("model size \"", size, "\" is none of tiny, xs, s, m"));
  }
  return config;
}

}  // namespace rill
