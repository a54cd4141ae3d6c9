#include "model/training/run/model_growth.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "model/file/model_file.h"
#include "model/training/encoder/encoder_trainable.h"
#include "model/training/run/trainer.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill::training {
namespace {

using testing::HasSubstr;

struct Size {
  int width, blocks, heads, ffn_width;
};

class ModelGrowthTest : public testing::TestWithParam<Size> {
 protected:
  ModelGrowthTest() {
    EXPECT_TRUE(WriteTestModel(folder_ / "small.safetensors").ok());
    small_ = *ModelFile::Open(folder_ / "small.safetensors");
  }

  // The module of this configuration with the small model's weights.
  EncoderModule* Load(const ModelConfig& config) {
    auto module = std::make_unique<EncoderModule>(config, EncoderModule::Options());
    EncoderModule* loaded = module.get();
    trainers_.push_back(
        std::make_unique<Trainer>(std::make_unique<EncoderTrainable>(std::move(module)),
                                  config.attention_width(), 1, OptimizerOptions()));
    EXPECT_TRUE(trainers_.back()->LoadModel(*small_, config).ok());
    return loaded;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ModelFile> small_;
  std::vector<std::unique_ptr<Trainer>> trainers_;
};

TEST_P(ModelGrowthTest, TheLargeModelBeginsAsTheSmallOne) {
  ModelConfig config = small_->config();
  config.width = GetParam().width;
  config.blocks = GetParam().blocks;
  config.heads = GetParam().heads;
  config.ffn_width = GetParam().ffn_width;
  at::manual_seed(1);
  const at::Tensor features = at::randn({2, 64, config.mel_bins}) * 3 + 10;
  const at::Tensor chunk_end =
      at::tensor({8, 16}, at::kInt).repeat_interleave(8).expand({2, 16}).contiguous();
  EncoderModule* large = Load(config);
  const at::Tensor expected = Load(small_->config())->Forward(features, chunk_end).logits;
  const at::Tensor logits = large->Forward(features, chunk_end).logits;
  // Equal but for the norms' epsilon, which weighs more where zeros stand beside the old channels.
  EXPECT_LT((logits - expected).norm().item<double>(), 3e-4 * expected.norm().item<double>());

  // And nothing stands in the way of learning: whatever writes a new channel has a gradient.
  logits.square().sum().backward();
  for (const Parameter& p : large->parameters()) {
    const bool writes = p.name.find(".down.weight") != std::string::npos ||
                        p.name.find(".out.weight") != std::string::npos;
    if (!writes) continue;
    EXPECT_TRUE((p.tensor.grad().abs().sum(1) > 0).all().item<bool>()) << p.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ModelGrowthTest,
                         testing::Values(Size{32, 2, 1, 64}, Size{48, 2, 1, 64}, Size{32, 3, 1, 64},
                                         Size{32, 2, 3, 64}, Size{32, 2, 1, 96},
                                         Size{64, 5, 2, 128}));

// The outputs of the middle of the encoder, whose head no model file has.
TEST_P(ModelGrowthTest, TheHeadInTheMiddleBeginsAsTheOneAtTheTop) {
  ModelConfig config = small_->config();
  config.width = GetParam().width;
  const std::vector<Parameter>& parameters = Load(config)->parameters();
  const auto find = [&](const std::string& name) {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const Parameter& p) { return p.name == name; });
    return found->tensor.detach();
  };
  EXPECT_TRUE(at::equal(find("intermediate.norm"), find("final_norm")));
  const at::Tensor middle = find("intermediate.weight").slice(1, 0, small_->config().width);
  EXPECT_TRUE(at::equal(middle, find("head.weight").slice(1, 0, small_->config().width)));
  EXPECT_TRUE(at::equal(find("intermediate.bias"), find("head.bias")));
  EXPECT_GT(find("head.bias").abs().max().item<float>(), 0);
}

TEST_P(ModelGrowthTest, HeadsOfOtherTokensBeginAnew) {
  ModelConfig config = small_->config();
  config.width = GetParam().width;
  config.tokens = {"<blank>", " ", "a"};
  EncoderModule fresh(config, EncoderModule::Options());
  const std::vector<Parameter>& before = fresh.parameters();
  const std::vector<Parameter>& after = Load(config)->parameters();
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    const std::string& name = before[i].name;
    const bool head =
        name.rfind("head.", 0) == 0 || name == "intermediate.weight" || name == "intermediate.bias";
    const bool blocks = name.rfind("blocks.0.ffn1.", 0) == 0;
    const bool same = at::equal(before[i].tensor, after[i].tensor);
    EXPECT_TRUE(head ? same : !blocks || !same) << name;
  }
}

TEST_P(ModelGrowthTest, PhonesComeBesideTheLetters) {
  ModelConfig config = small_->config();
  config.width = GetParam().width;
  config.phones = {"<blank>", " ", "AH", "B"};
  const int64_t letters = config.num_tokens(), columns = small_->config().width;
  const auto tensors = [&](EncoderModule& module) {
    std::map<std::string, at::Tensor> found;
    for (const Parameter& p : module.parameters()) found[p.name] = p.tensor.detach();
    return found;
  };
  EncoderModule drawn(config, EncoderModule::Options());
  auto fresh = tensors(drawn), with = tensors(*Load(config));
  config.phones.clear();
  auto without = tensors(*Load(config));
  for (const std::string name : {"head.weight", "head.bias"}) {
    EXPECT_EQ(with[name].size(0), letters + 4);
    EXPECT_TRUE(at::equal(with[name].slice(0, letters), fresh[name].slice(0, letters))) << name;
    const auto old = [&](const at::Tensor& t) {
      return t.dim() == 1 ? t.slice(0, 0, letters) : t.slice(0, 0, letters).slice(1, 0, columns);
    };
    EXPECT_TRUE(at::equal(old(with[name]), old(without[name]))) << name;
  }
  EXPECT_TRUE(at::equal(with["intermediate.bias"], without["intermediate.bias"]));
  EXPECT_GT(fresh["head.weight"].slice(0, letters).abs().max().item<float>(), 0);

  // From a model that has phones: the same ones stay, others begin anew.
  ModelConfig heard = small_->config();
  heard.phones = {"<blank>", " ", "AH", "B"};
  ASSERT_TRUE(WriteTestModel(folder_ / "heard.safetensors", heard).ok());
  small_ = *ModelFile::Open(folder_ / "heard.safetensors");
  heard.width = GetParam().width;
  const std::vector<float> bias = small_->Tensor("head.bias");
  EXPECT_TRUE(at::equal(tensors(*Load(heard))["head.bias"], at::tensor(bias)));
  heard.phones = {"<blank>", " ", "AH", "CH"};
  const at::Tensor other = tensors(*Load(heard))["head.bias"];
  EXPECT_TRUE(at::equal(other.slice(0, 0, letters), at::tensor(bias).slice(0, 0, letters)));
  EXPECT_EQ(other.slice(0, letters).abs().max().item<float>(), 0);
}

TEST(ModelGrowthOrderTest, NewBlocksAreSpreadBetweenTheOld) {
  const auto order = [](int from, int to) {
    ModelConfig small, large;
    small.blocks = from;
    large.blocks = to;
    std::vector<int> blocks;
    for (int n = 0; n < to; ++n) blocks.push_back(OldBlock(small, large, n));
    return blocks;
  };
  EXPECT_THAT(order(8, 12), testing::ElementsAre(0, -1, 1, 2, -1, 3, 4, -1, 5, 6, -1, 7));
  EXPECT_THAT(order(2, 2), testing::ElementsAre(0, 1));
  EXPECT_THAT(order(2, 5), testing::ElementsAre(0, -1, -1, 1, -1));
}

TEST(ModelGrowthOrderTest, NamesFollowTheBlocks) {
  ModelConfig small, large;
  small.blocks = 8;
  large.blocks = 12;
  EXPECT_EQ(OldTensor(small, large, "blocks.11.ffn1.norm"), "blocks.7.ffn1.norm");
  EXPECT_EQ(OldTensor(small, large, "blocks.10.ffn1.norm"), "");
  EXPECT_EQ(OldTensor(small, large, "final_norm"), "final_norm");
}

TEST(ModelGrowthOrderTest, AModelDoesNotShrink) {
  const ModelConfig small = *NamedModelConfig("s"), large = *NamedModelConfig("xs");
  EXPECT_THAT(std::string(CheckGrowth(small, large).message()), HasSubstr("width is smaller"));
  ModelConfig other = small;
  other.conv_kernel = 7;
  EXPECT_THAT(std::string(CheckGrowth(other, small).message()), HasSubstr("conv_kernel"));
  EXPECT_TRUE(CheckGrowth(large, small).ok());
}

}  // namespace
}  // namespace rill::training
