// A beam over made-up frames, and the language models that its tests need.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model/decoder/ctc_beam_decoder.h"
#include "model/language_model/language_model_builder.h"
#include "tests/model/exhaustive_ctc.h"
#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {

class CtcBeamDecoderTest : public ::testing::Test {
 protected:
  static constexpr int64_t kFrame = 640;

  void UseModel(const std::vector<std::string>& words, int order, uint32_t seed) {
    WriteText(folder_ / "lm.arpa", RandomArpa(words, order, seed));
    ASSERT_TRUE(BuildLanguageModel(folder_ / "lm.arpa", folder_ / "lm.rlm", nullptr).ok());
    auto model = LanguageModel::Open(folder_ / "lm.rlm");
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    naive_ = NaiveLanguageModel();
    ASSERT_TRUE(naive_.Read(folder_ / "lm.arpa"));
  }

  void Start(const BeamOptions& options, const std::vector<HotWord>& hot_words = {},
             int texts = 1) {
    ASSERT_TRUE(options.Validate().ok());
    decoder_ = std::make_unique<CtcBeamDecoder>(&tokens_, model_.get(), options, texts);
    SetHotWords(hot_words);
    time_ = 0;
  }

  void SetHotWords(const std::vector<HotWord>& hot_words) {
    const auto made =
        HotWords::Create(hot_words, tokens_, model_ == nullptr ? nullptr : &model_->lexicon());
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_TRUE(decoder_->SetHotWords(*made));
  }

  void Accept(const Frames& frames) {
    for (const std::vector<float>& frame : frames) {
      decoder_->Accept(frame, time_, time_ + kFrame);
      time_ += kFrame;
    }
  }

  // Random distributions; the higher `sharpness`, the surer.
  Frames RandomFrames(int count, double sharpness) {
    Frames frames;
    std::normal_distribution<double> normal;
    for (int t = 0; t < count; ++t) {
      std::vector<double> weights(tokens_.size());
      double sum = 0;
      for (double& weight : weights) sum += weight = std::exp(sharpness * normal(random_));
      std::vector<float> frame;
      for (const double weight : weights)
        frame.push_back(static_cast<float>(std::log(weight / sum)));
      frames.push_back(frame);
    }
    return frames;
  }

  // One character a frame, '_' is the blank, with probability `prob`.
  Frames Clear(const std::string& said, double prob = 0.95) {
    Frames frames;
    for (const char c : said) {
      std::vector<float> frame;
      for (const std::string& token : tokens_) {
        const bool it = token == (c == '_' ? "<blank>" : std::string(1, c));
        frame.push_back(static_cast<float>(
            std::log(it ? prob : (1 - prob) / static_cast<double>(tokens_.size() - 1))));
      }
      frames.push_back(frame);
    }
    return frames;
  }

  float Uniform(double low, double high) {
    return std::uniform_real_distribution<float>(static_cast<float>(low),
                                                 static_cast<float>(high))(random_);
  }

  // Keeps everything.
  static BeamOptions Wide() {
    BeamOptions options;
    options.beam = 128;
    options.token_threshold = 100;
    options.beam_threshold = 1000;
    return options;
  }

  BeamOptions RandomWide() {
    BeamOptions options = Wide();
    options.lm_weight = Uniform(0, 2);
    options.word_bonus = Uniform(-3, 3);
    options.letter_bonus = Uniform(-2, 2);
    options.blank_penalty = Uniform(-1, 1);
    options.unknown_word_penalty = Uniform(0, 5);
    options.unknown_letter_penalty = Uniform(0, 1);
    options.lexicon = model_ != nullptr && random_() % 2 == 0;
    return options;
  }

  const TemporaryFolder folder_;
  std::vector<std::string> tokens_ = {"<blank>", " ", "a", "b"};
  std::unique_ptr<LanguageModel> model_;
  NaiveLanguageModel naive_;
  std::unique_ptr<CtcBeamDecoder> decoder_;
  std::mt19937 random_{1};
  int64_t time_ = 0;
};

}  // namespace rill
