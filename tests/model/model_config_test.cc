#include "model/file/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "model/file/tensor_names.h"
#include "nlohmann/json.hpp"
#include "tests/model/test_model.h"

namespace rill {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string Error(const json& config) {
  const absl::StatusOr<ModelConfig> parsed = ModelConfig::FromJson(config.dump());
  return parsed.ok() ? "" : std::string(parsed.status().message());
}

json TinyJson() { return json::parse(TinyModelConfig().ToJson()); }

TEST(ModelConfigTest, EveryNamedSizeSurvivesJson) {
  for (const char* size : {"tiny", "xs", "s", "m"}) {
    const absl::StatusOr<ModelConfig> config = NamedModelConfig(size);
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_TRUE(config->Validate().ok()) << config->Validate();
    const absl::StatusOr<ModelConfig> again = ModelConfig::FromJson(config->ToJson());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->ToJson(), config->ToJson());
    EXPECT_EQ(again->width, config->width);
    EXPECT_EQ(again->tokens, config->tokens);
  }
  EXPECT_FALSE(NamedModelConfig("xxl").ok());
}

TEST(ModelConfigTest, PaperModeSurvivesJson) {
  ModelConfig config = TinyModelConfig();
  config.attention = AttentionMode::kPaper;
  EXPECT_EQ(ModelConfig::FromJson(config.ToJson())->attention, AttentionMode::kPaper);
}

TEST(ModelConfigTest, NamedSizesHaveThePublishedNumberOfParameters) {
  EXPECT_NEAR(ParameterCount(*NamedModelConfig("xs")), 5.0e6, 0.1e6);
  EXPECT_NEAR(ParameterCount(*NamedModelConfig("s")), 11.0e6, 0.2e6);
  EXPECT_NEAR(ParameterCount(*NamedModelConfig("m")), 19.3e6, 0.3e6);
}

TEST(ModelConfigTest, EveryFieldIsRequiredAndChecked) {
  const json good = TinyJson();
  for (const auto& [field, value] : good.items()) {
    json missing = good;
    missing.erase(field);
    EXPECT_THAT(Error(missing), HasSubstr(field + " is missing"));
    for (const json& wrong : {json(nullptr), json(-1), json(1e30), json("x"), json(1000000000),
                              json(18446744073709551615u), json(0.5), json::array({1}), json(true),
                              json(-9223372036854775807)}) {
      json changed = good;
      changed[field] = wrong;
      EXPECT_THAT(Error(changed), HasSubstr(field)) << wrong;
    }
  }
}

TEST(ModelConfigTest, UnknownFieldsAreNamed) {
  json config = TinyJson();
  config["dropout"] = 1;
  EXPECT_THAT(Error(config), HasSubstr("dropout"));
}

TEST(ModelConfigTest, BadTokensAreNamed) {
  const auto with = [](size_t index, const std::string& token) {
    ModelConfig config = TinyModelConfig();
    config.tokens[index] = token;
    return std::string(config.Validate().message());
  };
  EXPECT_THAT(with(0, "a"), HasSubstr("tokens[0]"));
  EXPECT_THAT(with(5, ""), HasSubstr("tokens[5]"));
  EXPECT_THAT(with(5, "a"), HasSubstr("tokens[5] is there twice"));
  EXPECT_THAT(with(5, "\xC3"), HasSubstr("tokens[5] is not valid UTF-8"));
  EXPECT_THAT(with(5, "\xED\xA0\x80"), HasSubstr("tokens[5] is not valid UTF-8"));
  EXPECT_THAT(with(5, "\xC0\x80"), HasSubstr("tokens[5] is not valid UTF-8"));
  EXPECT_THAT(with(5, "\n"), HasSubstr("tokens[5] has a control character"));
  EXPECT_THAT(with(5, std::string(65, 'x')), HasSubstr("tokens[5]"));
  EXPECT_EQ(with(5, "\xC3\xA9"), "");
  EXPECT_EQ(with(5, "\xF0\x9F\x98\x80"), "");
}

TEST(ModelConfigTest, ScoresOfPiecesSurviveJsonAndMayBeMissing) {
  ModelConfig config = TinyModelConfig();
  EXPECT_EQ(config.ToJson().find("token_scores"), std::string::npos);
  config.token_scores.assign(config.tokens.size(), -0.1f);
  const auto again = ModelConfig::FromJson(config.ToJson());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->token_scores, config.token_scores);
}

TEST(ModelConfigTest, BadScoresAreNamed) {
  ModelConfig config = TinyModelConfig();
  config.token_scores = {0, -1};
  EXPECT_THAT(std::string(config.Validate().message()), HasSubstr("token_scores must have 29"));
  config.token_scores.assign(config.tokens.size(), 0);
  config.token_scores[3] = NAN;
  EXPECT_THAT(std::string(config.Validate().message()), HasSubstr("token_scores[3]"));
  json object = TinyJson();
  for (const json& wrong : {json("x"), json::array(), json::array({"x"}), json::array({1, 2}),
                            json(std::vector<double>(29, 1e300))}) {
    object["token_scores"] = wrong;
    EXPECT_THAT(Error(object), HasSubstr("token_scores")) << wrong;
  }
}

TEST(ModelConfigTest, PhonesSurviveJsonAndMayBeMissing) {
  ModelConfig config = TinyModelConfig();
  EXPECT_EQ(config.ToJson().find("phones"), std::string::npos);
  EXPECT_EQ(config.outputs(), 29);
  config.phones = {"<blank>", " ", "AA", "B"};
  EXPECT_EQ(config.outputs(), 33);
  const auto again = ModelConfig::FromJson(config.ToJson());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->phones, config.phones);
}

TEST(ModelConfigTest, BadPhonesAreNamed) {
  const auto error = [](const std::vector<std::string>& phones) {
    ModelConfig config = TinyModelConfig();
    config.phones = phones;
    return std::string(config.Validate().message());
  };
  EXPECT_THAT(error({"AA", " "}), HasSubstr("phones[0] must be the blank"));
  EXPECT_THAT(error({"<blank>"}), HasSubstr("phones must have 2 to 256"));
  EXPECT_THAT(error({"<blank>", "AA"}), HasSubstr("phones must have \" \""));
  EXPECT_THAT(error({"<blank>", " ", "AA", "AA"}), HasSubstr("phones[3] is there twice"));
  EXPECT_THAT(error(std::vector<std::string>(257, "x")), HasSubstr("phones must have 2 to 256"));
  json object = TinyJson();
  for (const json& wrong : {json("x"), json::array({1, 2})}) {
    object["phones"] = wrong;
    EXPECT_THAT(Error(object), HasSubstr("phones must be an array of strings")) << wrong;
  }
}

TEST(ModelConfigTest, ManyTokensAreRefused) {
  ModelConfig config = TinyModelConfig();
  for (int i = 0; i < 20000; ++i) config.tokens.push_back(absl::StrCat("x", i));
  EXPECT_THAT(std::string(config.Validate().message()), HasSubstr("tokens"));
}

TEST(ModelConfigTest, HostileJsonIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"),
        std::string(100000, '['), std::string(100000, '{'), std::string("{\"a\":\"\xFF\"}"),
        std::string("{\"tokens\":") + std::string(100000, '['), std::string(5 << 20, ' ')}) {
    EXPECT_FALSE(ModelConfig::FromJson(text).ok()) << text.substr(0, 20);
  }
}

}  // namespace
}  // namespace rill
