#include "kernels/cpu/rms_norm.h"

#include "tests/kernels/kernel_testing.h"

namespace rill::kernels {
namespace {

struct Reference {
  Doubles h, y, inv_rms, d_x, d_weight;
};

// `branch` and `d_h` may be empty. The forward pass normalises `h` as the kernel stored it.
Reference RunReference(const NormShape& shape, const Doubles& x, const Doubles& branch,
                       double scale, const Doubles& stored_h, const Doubles& weight, bool silu,
                       const Doubles& d_y, const Doubles& d_h) {
  Reference r;
  r.h = x;
  if (!branch.empty()) {
    for (size_t i = 0; i < x.size(); ++i) r.h[i] += scale * branch[i];
  }
  r.d_weight.assign(shape.width, 0.0);
  for (int64_t row = 0; row < shape.rows; ++row) {
    const double* h = stored_h.data() + row * shape.width;
    double squares = 0.0;
    for (int64_t c = 0; c < shape.width; ++c) squares += h[c] * h[c];
    const double inv = 1.0 / std::sqrt(squares / shape.width + kNormEpsilon);
    r.inv_rms.push_back(inv);
    Doubles d_n(shape.width);
    double dot = 0.0;
    for (int64_t c = 0; c < shape.width; ++c) {
      const double n = h[c] * inv * weight[c];
      r.y.push_back(silu ? Silu(n) : n);
      const double d = d_y[row * shape.width + c] * (silu ? SiluSlope(n) : 1.0);
      r.d_weight[c] += d * h[c] * inv;
      d_n[c] = d * weight[c];
      dot += d_n[c] * h[c];
    }
    for (int64_t c = 0; c < shape.width; ++c) {
      const double d = d_n[c] * inv - h[c] * dot * inv * inv * inv / shape.width;
      r.d_x.push_back(d + (d_h.empty() ? 0.0 : d_h[row * shape.width + c]));
    }
  }
  return r;
}

Doubles Scaled(const Doubles& values, double scale) {
  Doubles result;
  for (const double value : values) result.push_back(scale * value);
  return result;
}

template <typename T>
class RmsNormTest : public ::testing::Test {};
TYPED_TEST_SUITE(RmsNormTest, ElementTypes);

TYPED_TEST(RmsNormTest, AgreesWithTheReference) {
  using T = TypeParam;
  std::mt19937 random(1);
  const float scale = 0.5f;
  for (const NormShape shape : {NormShape{1, 1}, {3, 7}, {1, 160}, {5, 161}, {4, 192}, {2, 1000}}) {
    for (const bool silu : {false, true}) {
      for (const bool with_branch : {false, true}) {
        SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.width << " silu " << silu
                                          << " branch " << with_branch);
        const int64_t n = shape.rows * shape.width;
        const auto x = RandomArray<T>(n, random, 2.0), branch = RandomArray<T>(n, random);
        const auto d_y = RandomArray<T>(n, random), d_h = RandomArray<T>(n, random);
        const auto weight = RandomArray<float>(shape.width, random);
        std::vector<T> h(n), y(n), d_x(n), d_branch(n);
        std::vector<float> inv_rms(shape.rows), d_weight(shape.width, 3.0f);

        RmsNormForward<T>(shape, x.data(), with_branch ? branch.data() : nullptr, scale,
                          weight.data(), silu, with_branch ? h.data() : nullptr, y.data(),
                          inv_rms.data());
        if (!with_branch) h = x;
        RmsNormBackward<T>(shape, d_y.data(), with_branch ? d_h.data() : nullptr, h.data(), scale,
                           weight.data(), silu, inv_rms.data(), d_x.data(),
                           with_branch ? d_branch.data() : nullptr, d_weight.data());

        Reference expected = RunReference(
            shape, ToDoubles(x), with_branch ? ToDoubles(branch) : Doubles(), scale, ToDoubles(h),
            ToDoubles(weight), silu, ToDoubles(d_y), with_branch ? ToDoubles(d_h) : Doubles());
        for (double& d : expected.d_weight) d += 3.0;
        ExpectNear(h, expected.h);
        ExpectNear(y, expected.y);
        ExpectNear(inv_rms, expected.inv_rms);
        ExpectNear(d_x, expected.d_x);
        ExpectNear(d_weight, expected.d_weight);
        if (with_branch) ExpectNear(d_branch, Scaled(expected.d_x, scale));
      }
    }
  }
}

TYPED_TEST(RmsNormTest, WorksInPlace) {
  using T = TypeParam;
  std::mt19937 random(2);
  const NormShape shape{3, 161};
  const int64_t n = shape.rows * shape.width;
  const auto x = RandomArray<T>(n, random), branch = RandomArray<T>(n, random);
  const auto weight = RandomArray<float>(shape.width, random);
  std::vector<T> h(n), y(n), in_place = x, y_in_place(n);
  std::vector<float> inv_rms(shape.rows), d_weight(shape.width);
  RmsNormForward<T>(shape, x.data(), branch.data(), 1.0f, weight.data(), true, h.data(), y.data(),
                    inv_rms.data());
  RmsNormForward<T>(shape, in_place.data(), branch.data(), 1.0f, weight.data(), true,
                    in_place.data(), y_in_place.data(), nullptr);
  EXPECT_EQ(ToFloats(in_place), ToFloats(h));
  EXPECT_EQ(ToFloats(y_in_place), ToFloats(y));

  std::vector<T> d_x(n), d_in_place = branch;
  RmsNormBackward<T>(shape, y.data(), branch.data(), h.data(), 1.0f, weight.data(), true,
                     inv_rms.data(), d_x.data(), nullptr, d_weight.data());
  RmsNormBackward<T>(shape, y.data(), d_in_place.data(), h.data(), 1.0f, weight.data(), true,
                     inv_rms.data(), d_in_place.data(), nullptr, d_weight.data());
  EXPECT_EQ(ToFloats(d_in_place), ToFloats(d_x));
}

// Sums of two BFloat16 of like size are exact in float and every other one is a tie.
TEST(RmsNormBFloat16Test, RoundsToNearestEven) {
  std::mt19937 random(3);
  const NormShape shape{1, 4099};
  std::vector<BFloat16> x, branch, expected;
  std::uniform_int_distribution<int> mantissa(0, 127), sign(0, 1);
  for (int64_t i = 0; i < shape.width; ++i) {
    x.push_back({static_cast<uint16_t>(0x3F80 | mantissa(random))});
    branch.push_back({static_cast<uint16_t>(0x3F80 | mantissa(random) | sign(random) << 15)});
    expected.push_back(FromFloat<BFloat16>(ToFloat(x[i]) + ToFloat(branch[i])));
  }
  const std::vector<float> weight(shape.width, 1.0f);
  std::vector<BFloat16> h(shape.width), y(shape.width);
  RmsNormForward<BFloat16>(shape, x.data(), branch.data(), 1.0f, weight.data(), false, h.data(),
                           y.data(), nullptr);
  EXPECT_EQ(ToFloats(h), ToFloats(expected));
}

}  // namespace
}  // namespace rill::kernels
