#include "kernels/cpu/ctc_loss.h"

#include "tests/kernels/kernel_testing.h"

namespace rill::kernels {
namespace {

using Labels = std::vector<int32_t>;

Doubles LogSoftmax(const Doubles& logits, int64_t vocab) {
  Doubles result = logits;
  for (size_t row = 0; row < logits.size(); row += vocab) {
    double sum = 0.0;
    for (int64_t v = 0; v < vocab; ++v) sum += std::exp(logits[row + v]);
    for (int64_t v = 0; v < vocab; ++v) result[row + v] -= std::log(sum);
  }
  return result;
}

// -ln p(labels) by summing over every path there is.
double LossByEnumeration(int64_t vocab, const Doubles& logits, const Labels& labels) {
  const Doubles log_p = LogSoftmax(logits, vocab);
  const int64_t frames = logits.size() / vocab;
  int64_t paths = 1;
  for (int64_t t = 0; t < frames; ++t) paths *= vocab;
  double total = 0.0;
  for (int64_t path = 0; path < paths; ++path) {
    Labels collapsed;
    double p = 0.0;
    int64_t rest = path, previous = 0;
    for (int64_t t = 0; t < frames; ++t, rest /= vocab) {
      const int64_t symbol = rest % vocab;
      p += log_p[t * vocab + symbol];
      if (symbol != 0 && (t == 0 || symbol != previous)) collapsed.push_back(symbol);
      previous = symbol;
    }
    if (collapsed == labels) total += std::exp(p);
  }
  return -std::log(total);
}

double LogSumExp(double a, double b) {
  const double high = std::max(a, b);
  return std::isinf(high) ? high : high + std::log1p(std::exp(std::min(a, b) - high));
}

// -ln p(labels) by the recursion of the paper's section 4.1. blank_bonus: a value a frame, or none.
double LossByRecursion(int64_t vocab, const Doubles& logits, const Labels& labels,
                       const std::vector<float>& blank_bonus = {}) {
  Doubles log_p = LogSoftmax(logits, vocab);
  const int64_t frames = logits.size() / vocab, states = 2 * labels.size() + 1;
  for (size_t t = 0; t < blank_bonus.size(); ++t) log_p[t * vocab] += blank_bonus[t];
  const auto symbol = [&](int64_t s) { return s % 2 == 0 ? 0 : labels[s / 2]; };
  Doubles alpha(states, -INFINITY);
  alpha[0] = log_p[0];
  if (states > 1) alpha[1] = log_p[symbol(1)];
  for (int64_t t = 1; t < frames; ++t) {
    const Doubles before = alpha;
    for (int64_t s = 0; s < states; ++s) {
      if (s >= 1) alpha[s] = LogSumExp(alpha[s], before[s - 1]);
      if (s >= 3 && s % 2 == 1 && symbol(s) != symbol(s - 2)) {
        alpha[s] = LogSumExp(alpha[s], before[s - 2]);
      }
      alpha[s] += log_p[t * vocab + symbol(s)];
    }
  }
  return -(states > 1 ? LogSumExp(alpha[states - 1], alpha[states - 2]) : alpha[0]);
}

double Slope(int64_t vocab, Doubles logits, const Labels& labels, size_t i,
             const std::vector<float>& blank_bonus = {}) {
  const double step = 1e-5;
  logits[i] += step;
  const double up = LossByRecursion(vocab, logits, labels, blank_bonus);
  logits[i] -= 2 * step;
  return (up - LossByRecursion(vocab, logits, labels, blank_bonus)) / (2 * step);
}

struct Result {
  int64_t skipped;
  float loss;
  std::vector<float> gradient;
};

Result RunOne(int64_t vocab, const std::vector<float>& logits, const Labels& labels,
              float weight = 1.0f) {
  Result result{0, NAN, std::vector<float>(logits.size(), NAN)};
  const CtcClip clip{0, static_cast<int64_t>(logits.size()) / vocab, labels.data(),
                     static_cast<int64_t>(labels.size()), weight};
  result.skipped = CtcLoss(vocab, logits.data(), &clip, 1, &result.loss, result.gradient.data());
  return result;
}

TEST(CtcFramesNeededTest, CountsABlankBetweenEqualNeighbours) {
  const auto needed = [](const Labels& labels) {
    return CtcFramesNeeded(labels.data(), static_cast<int64_t>(labels.size()));
  };
  EXPECT_EQ(needed({}), 0);
  EXPECT_EQ(needed({1}), 1);
  EXPECT_EQ(needed({1, 2, 1}), 3);
  EXPECT_EQ(needed({1, 1, 1, 2, 2}), 8);
}

TEST(CtcLossTest, AgreesWithTheSumOverAllPaths) {
  std::mt19937 random(1);
  const std::vector<Labels> targets = {{},        {1},       {2, 2},    {1, 2},      {1, 1, 2},
                                       {2, 1, 2}, {1, 1, 1}, {3, 3, 2}, {1, 2, 3, 1}};
  for (const Labels& labels : targets) {
    for (const int64_t frames : {1, 2, 4, 6}) {
      const int64_t vocab = 4;
      const auto logits = RandomArray<float>(frames * vocab, random, 2.0);
      const double expected = LossByEnumeration(vocab, ToDoubles(logits), labels);
      const Result result = RunOne(vocab, logits, labels);
      SCOPED_TRACE(::testing::Message() << labels.size() << " labels, " << frames << " frames");
      if (std::isinf(expected)) {  // no path at all
        EXPECT_EQ(result.skipped, 1);
        EXPECT_EQ(result.loss, 0.0f);
        EXPECT_EQ(result.gradient, std::vector<float>(logits.size(), 0.0f));
        continue;
      }
      EXPECT_EQ(result.skipped, 0);
      EXPECT_NEAR(result.loss, expected, 1e-5 * std::max(1.0, expected));
      EXPECT_NEAR(LossByRecursion(vocab, ToDoubles(logits), labels), expected, 1e-9);
    }
  }
}

TEST(CtcLossTest, GradientAgreesWithFiniteDifferences) {
  std::mt19937 random(2);
  const struct {
    int64_t frames, vocab, labels;
    double deviation;
  } cases[] = {{1, 2, 1, 1.0},   {7, 3, 3, 1.0},    {20, 5, 20, 1.0}, {40, 30, 16, 3.0},
               {40, 7, 17, 8.0}, {60, 17, 33, 2.0}, {33, 16, 0, 1.0}};
  for (const auto& c : cases) {
    SCOPED_TRACE(::testing::Message() << c.frames << " frames, " << c.labels << " labels");
    Labels labels;
    for (int64_t i = 0; i < c.labels; ++i) labels.push_back(1 + (i * 7 + i / 5) % (c.vocab - 1));
    if (c.labels == c.frames) {  // only one path: no repeats allowed
      for (int64_t i = 0; i < c.labels; ++i) labels[i] = 1 + i % (c.vocab - 1);
    }
    const auto logits = RandomArray<float>(c.frames * c.vocab, random, c.deviation);
    const Doubles wide = ToDoubles(logits);
    const Result result = RunOne(c.vocab, logits, labels, 0.5f);
    ASSERT_EQ(result.skipped, 0);
    const double loss = LossByRecursion(c.vocab, wide, labels);
    EXPECT_NEAR(result.loss, 0.5 * loss, 1e-5 * loss);
    for (size_t i = 0; i < logits.size(); ++i) {
      ASSERT_NEAR(result.gradient[i], 0.5 * Slope(c.vocab, wide, labels, i), 1e-5) << i;
    }
  }
}

TEST(CtcLossTest, ABonusOnBlankIsPartOfEveryPath) {
  std::mt19937 random(7);
  const int64_t frames = 30, vocab = 6;
  const Labels labels = {1, 2, 2, 5, 3, 4};
  const auto logits = RandomArray<float>(frames * vocab, random, 2.0);
  const auto bonus = RandomArray<float>(frames, random, 1.0);
  std::vector<float> gradient(logits.size());
  float loss = NAN;
  CtcClip clip{0, frames, labels.data(), static_cast<int64_t>(labels.size()), 1.0f};
  clip.blank_bonus = bonus.data();
  ASSERT_EQ(CtcLoss(vocab, logits.data(), &clip, 1, &loss, gradient.data()), 0);
  const Doubles wide = ToDoubles(logits);
  EXPECT_NEAR(loss, LossByRecursion(vocab, wide, labels, bonus), 1e-4);
  EXPECT_GT(std::abs(loss - LossByRecursion(vocab, wide, labels)), 0.1);
  for (size_t i = 0; i < logits.size(); ++i) {
    ASSERT_NEAR(gradient[i], Slope(vocab, wide, labels, i, bonus), 1e-5) << i;
  }
}

TEST(CtcLossTest, StaysAccurateOnLongClips) {
  std::mt19937 random(3);
  for (const double deviation : {0.5, 10.0}) {
    for (const int64_t num_labels : {180, 300}) {
      const int64_t frames = 325, vocab = 29;
      std::uniform_int_distribution<int32_t> letter(1, vocab - 1);
      Labels labels;
      while (static_cast<int64_t>(labels.size()) < num_labels) {
        const int32_t next = letter(random);
        if (labels.empty() || labels.back() != next) labels.push_back(next);
      }
      const auto logits = RandomArray<float>(frames * vocab, random, deviation);
      const Doubles wide = ToDoubles(logits);
      const Result result = RunOne(vocab, logits, labels);
      const double loss = LossByRecursion(vocab, wide, labels);
      EXPECT_NEAR(result.loss, loss, 1e-6 * loss);
      std::uniform_int_distribution<size_t> any(0, logits.size() - 1);
      for (int i = 0; i < 20; ++i) {
        const size_t at = any(random);
        EXPECT_NEAR(result.gradient[at], Slope(vocab, wide, labels, at), 2e-4);
      }
      for (int64_t t = 0; t < frames; ++t) {
        double sum = 0.0;
        for (int64_t v = 0; v < vocab; ++v) sum += result.gradient[t * vocab + v];
        EXPECT_NEAR(sum, 0.0, 1e-5);
      }
    }
  }
}

TEST(CtcLossTest, TreatsPackedClipsAsIfAlone) {
  std::mt19937 random(4);
  const int64_t vocab = 11;
  const auto logits = RandomArray<float>(100 * vocab, random);
  const Labels first = {1, 2, 2, 5}, second = {10, 9, 8}, too_many(60, 3);
  const CtcClip clips[] = {{5, 20, first.data(), 4, 1.0f},
                           {25, 40, too_many.data(), 60, 1.0f},
                           {70, 30, second.data(), 3, -2.0f}};
  std::vector<float> losses(3, NAN), gradient(logits.size(), 0.0f);
  EXPECT_EQ(CtcLoss(vocab, logits.data(), clips, 3, losses.data(), gradient.data()), 1);
  EXPECT_EQ(losses[1], 0.0f);
  std::vector<float> expected(logits.size(), 0.0f);
  for (const int i : {0, 2}) {
    const auto begin = logits.begin() + clips[i].first * vocab;
    const std::vector<float> alone(begin, begin + clips[i].frames * vocab);
    const Labels labels(clips[i].labels, clips[i].labels + clips[i].num_labels);
    const Result result = RunOne(vocab, alone, labels, clips[i].weight);
    EXPECT_EQ(losses[i], result.loss);
    std::copy(result.gradient.begin(), result.gradient.end(),
              expected.begin() + clips[i].first * vocab);
  }
  EXPECT_EQ(gradient, expected);
}

TEST(CtcLossTest, SkipsWhatCannotBeAligned) {
  const int64_t vocab = 5;
  const std::vector<float> logits(6 * vocab, 0.5f);
  const Labels too_high = {1, 5}, blank = {0, 1}, negative = {-1}, repeats = {2, 2, 2, 2},
               fits = {2, 2, 2};
  const CtcClip clips[] = {
      {0, 6, too_high.data(), 2, 1.0f}, {0, 6, blank.data(), 2, 1.0f},
      {0, 6, negative.data(), 1, 1.0f}, {0, 6, repeats.data(), 4, 1.0f},
      {0, 0, fits.data(), 0, 1.0f},     {0, -3, fits.data(), 0, 1.0f},
      {-1, 6, fits.data(), 3, 1.0f},    {0, 6, fits.data(), -1, 1.0f},
      {0, 5, fits.data(), 3, 1.0f},
  };
  std::vector<float> losses(9, NAN), gradient(logits.size(), 0.0f);
  EXPECT_EQ(CtcLoss(vocab, logits.data(), clips, 9, losses.data(), gradient.data()), 8);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(losses[i], 0.0f) << i;
  EXPECT_NEAR(losses[8], 5 * std::log(5.0), 1e-4);  // one path only
  EXPECT_EQ(CtcLoss(vocab, logits.data(), clips, 0, nullptr, nullptr), 0);
}

TEST(CtcLossTest, SurvivesExtremeLogits) {
  const int64_t vocab = 4;
  for (const float value : {1e4f, -1e4f, 3e38f, INFINITY, -INFINITY, std::nanf("")}) {
    std::vector<float> logits(5 * vocab, 0.0f);
    logits[6] = value;
    const Result result = RunOne(vocab, logits, {2, 3});
    EXPECT_EQ(result.skipped, 0);
    if (std::abs(value) <= 1e4f) {
      EXPECT_TRUE(std::isfinite(result.loss)) << value;
      for (const float g : result.gradient) EXPECT_TRUE(std::abs(g) <= 1.0f) << value;
    }
  }
}

}  // namespace
}  // namespace rill::kernels
