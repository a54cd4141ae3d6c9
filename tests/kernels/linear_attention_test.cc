#include "kernels/cpu/linear_attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tests/kernels/linear_attention_reference.h"

namespace rill::kernels {
namespace {

enum class Decay { kNone, kZero, kMild, kStrong, kMixed };

struct Case {
  int frames;
  int chunk;  // 0: the whole sequence is one chunk; -1: irregular
  Decay decay;
  bool sink;  // a z0 is given
};

std::vector<int32_t> ChunkEnds(int frames, int chunk, std::mt19937& random) {
  std::vector<int32_t> ends;
  while (static_cast<int>(ends.size()) < frames) {
    const int begin = static_cast<int>(ends.size());
    int length = chunk == 0 ? frames : chunk;
    if (chunk < 0) length = std::uniform_int_distribution<int>(1, begin % 3 == 0 ? 90 : 9)(random);
    const int end = std::min(begin + length, frames);
    ends.resize(end, end);
  }
  return ends;
}

double DrawLogDecay(Decay decay, std::mt19937& random) {
  const double u = std::uniform_real_distribution<double>()(random);
  switch (decay) {
    case Decay::kMild:
      return -0.2 * u;
    case Decay::kStrong:
      return -20.0;
    case Decay::kMixed:
      return u < 0.1 ? -20.0 : -0.05 * u;
    default:
      return 0.0;
  }
}

template <typename T>
class Operands {
 public:
  explicit Operands(const std::vector<double>& from) : data_(from.size()) {
    for (size_t i = 0; i < from.size(); ++i) data_[i] = FromFloat<T>(static_cast<float>(from[i]));
  }
  T* data() { return data_.empty() ? nullptr : data_.data(); }
  // The values as rounded to T, for the reference to start from.
  std::vector<double> Rounded() const {
    std::vector<double> out;
    for (T x : data_) out.push_back(ToFloat(x));
    return out;
  }

 private:
  std::vector<T> data_;
};

// Largest error of any element, in units of the largest element of its row of `row` numbers, or of
// a twentieth of the largest of all: a row's few terms may cancel.
template <typename T>
double WorstError(const std::vector<T>& got, const std::vector<double>& want, size_t row) {
  EXPECT_EQ(got.size(), want.size());
  double largest = 0.0;
  for (double x : want) largest = std::max(largest, std::abs(x));
  double worst = 0.0;
  for (size_t begin = 0; begin < want.size(); begin += row) {
    double scale = 0.05 * largest;
    for (size_t i = begin; i < begin + row; ++i) scale = std::max(scale, std::abs(want[i]));
    for (size_t i = begin; i < begin + row; ++i) {
      const double error = std::abs(ToFloat(got[i]) - want[i]);
      if (!(error <= 1e300)) return 1e300;  // NaN
      if (scale > 0.0) worst = std::max(worst, error / scale);
    }
  }
  return worst;
}

template <typename T>
void Check(const Case& c, double tolerance) {
  SCOPED_TRACE(::testing::Message() << "frames " << c.frames << " chunk " << c.chunk << " decay "
                                    << static_cast<int>(c.decay) << " sink " << c.sink);
  std::mt19937 random(c.frames * 31 + c.chunk * 7 + static_cast<int>(c.decay));
  std::normal_distribution<double> normal;
  const auto draw = [&](int n, const std::function<double(double)>& map) {
    std::vector<double> out(n);
    for (double& x : out) x = map(normal(random));
    return out;
  };
  const auto phi = [](double x) { return x > 0 ? x + 1 : std::exp(x); };
  const auto plain = [](double x) { return x; };
  const int n = c.frames;

  Operands<T> q(draw(n * kHeadDim, phi)), k(draw(n * kHeadDim, phi)), v(draw(n * kHeadDim, plain));
  Operands<T> d_num(draw(n * kHeadDim, plain));
  Operands<float> d_den(draw(n, plain));
  Operands<float> log_decay(c.decay == Decay::kNone ? std::vector<double>() : draw(n, [&](double) {
    return DrawLogDecay(c.decay, random);
  }));
  Operands<float> z0(c.sink ? draw(kHeadDim, phi) : std::vector<double>());
  std::vector<int32_t> chunk_end = ChunkEnds(n, c.chunk, random);

  ReferenceAttention want;
  want.frames = n;
  want.q = q.Rounded();
  want.k = k.Rounded();
  want.v = v.Rounded();
  want.log_decay = log_decay.Rounded();
  want.chunk_end = chunk_end;
  want.z0 = z0.Rounded();
  want.d_num = d_num.Rounded();
  want.d_den = d_den.Rounded();
  want.Forward();
  want.Backward();

  const AttentionShape shape{.batch = 1, .heads = 1, .frames = n};
  const AttentionInputs<T> in{.q = q.data(),
                              .k = k.data(),
                              .v = v.data(),
                              .log_decay = log_decay.data(),
                              .chunk_end = c.chunk == 1 ? nullptr : chunk_end.data(),
                              .z0 = z0.data()};
  std::vector<T> num(n * kHeadDim), d_q(num), d_k(num), d_v(num);
  std::vector<float> den(n), d_log_decay(c.decay == Decay::kNone ? 0 : n);
  std::vector<float> d_z0(c.sink ? kHeadDim : 0, 1.0f);
  LinearAttentionForward<T>(shape, in, num.data(), den.data());
  LinearAttentionBackward<T>(shape, in, d_num.data(), d_den.data(),
                             {.d_q = d_q.data(),
                              .d_k = d_k.data(),
                              .d_v = d_v.data(),
                              .d_log_decay = d_log_decay.empty() ? nullptr : d_log_decay.data(),
                              .d_z0 = d_z0.empty() ? nullptr : d_z0.data()});

  EXPECT_LT(WorstError(num, want.num, kHeadDim), tolerance) << "num";
  EXPECT_LT(WorstError(den, want.den, 1), 1e-5) << "den";
  EXPECT_LT(WorstError(d_q, want.d_q, kHeadDim), tolerance) << "d_q";
  EXPECT_LT(WorstError(d_k, want.d_k, kHeadDim), tolerance) << "d_k";
  EXPECT_LT(WorstError(d_v, want.d_v, kHeadDim), tolerance) << "d_v";
  if (!d_log_decay.empty()) {
    EXPECT_LT(WorstError(d_log_decay, want.d_log_decay, n), 1e-5) << "d_log_decay";
  }
  if (!d_z0.empty()) {
    for (double& x : want.d_z0) x += 1.0;  // it is added to what was there
    EXPECT_LT(WorstError(d_z0, want.d_z0, kHeadDim), 1e-5) << "d_z0";
  }
}

class LinearAttentionTest : public ::testing::TestWithParam<Decay> {};

TEST_P(LinearAttentionTest, FloatMatchesDouble) {
  for (int chunk : {1, 2, 4, 8, 16, 0, -1}) {
    for (int frames : {1, 2, 3, 15, 16, 17, 31, 63, 64, 65, 100, 127, 128, 129, 200, 333}) {
      Check<float>({frames, chunk, GetParam(), chunk != 4}, 1e-5);
    }
  }
}

TEST_P(LinearAttentionTest, BFloat16MatchesDoubleWithinItsRounding) {
  for (int chunk : {1, 8, 0, -1}) {
    for (int frames : {1, 17, 64, 150}) Check<BFloat16>({frames, chunk, GetParam(), true}, 0.004);
  }
}

std::string NameOf(const ::testing::TestParamInfo<Decay>& info) {
  constexpr const char* kNames[] = {"None", "Zero", "Mild", "Strong", "Mixed"};
  return kNames[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Decays, LinearAttentionTest,
                         ::testing::Values(Decay::kNone, Decay::kZero, Decay::kMild, Decay::kStrong,
                                           Decay::kMixed),
                         NameOf);

TEST(LinearAttentionLengthsTest, EveryLength) {
  for (int frames = 1; frames <= 200; ++frames) {
    Check<float>({frames, 8, Decay::kMild, true}, 1e-5);
    Check<float>({frames, 0, Decay::kMild, false}, 1e-5);
  }
}

// Whatever precedes it in the batch, a sequence gives the same bits.
TEST(LinearAttentionBatchTest, SequencesAndHeadsAreIndependent) {
  constexpr int64_t kBatch = 3, kHeads = 2, kFrames = 150;
  constexpr int64_t kRows = kBatch * kHeads * kFrames;
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(0.0f, 1.0f);
  std::vector<float> q(kRows * kHeadDim), k(q), v(q), log_decay(kRows), z0(kHeads * kHeadDim);
  for (auto* x : {&q, &k, &v, &z0}) {
    for (float& y : *x) y = uniform(random);
  }
  for (float& y : log_decay) y = -0.1f * uniform(random);
  std::vector<int32_t> chunk_end;
  for (int chunk : {1, 16, 0}) {
    const std::vector<int32_t> ends = ChunkEnds(kFrames, chunk, random);
    chunk_end.insert(chunk_end.end(), ends.begin(), ends.end());
  }
  std::vector<float> num(q.size()), den(kRows), one_num(kFrames * kHeadDim), one_den(kFrames);
  LinearAttentionForward<float>(
      {kBatch, kHeads, kFrames},
      {q.data(), k.data(), v.data(), log_decay.data(), chunk_end.data(), z0.data()}, num.data(),
      den.data());
  for (int64_t b = 0; b < kBatch; ++b) {
    for (int64_t h = 0; h < kHeads; ++h) {
      const int64_t row = (b * kHeads + h) * kFrames;
      const int64_t first = row * kHeadDim;
      LinearAttentionForward<float>({1, 1, kFrames},
                                    {&q[first], &k[first], &v[first], &log_decay[row],
                                     &chunk_end[b * kFrames], &z0[h * kHeadDim]},
                                    one_num.data(), one_den.data());
      EXPECT_TRUE(std::equal(one_num.begin(), one_num.end(), &num[first])) << b << " " << h;
      EXPECT_TRUE(std::equal(one_den.begin(), one_den.end(), &den[row])) << b << " " << h;
    }
  }
}

}  // namespace
}  // namespace rill::kernels
