#include "kernels/cpu/silu.h"

#include "tests/kernels/kernel_testing.h"

namespace rill::kernels {
namespace {

template <typename T>
class SiluTest : public ::testing::Test {};
TYPED_TEST_SUITE(SiluTest, ElementTypes);

TYPED_TEST(SiluTest, AgreesWithTheReferenceAndInPlace) {
  using T = TypeParam;
  std::mt19937 random(1);
  for (const int64_t n : {0, 1, 7, 16, 31, 160, 1000}) {
    SCOPED_TRACE(n);
    const auto x = RandomArray<T>(n, random, 4.0), d_y = RandomArray<T>(n, random);
    std::vector<T> y(n), d_x(n);
    SiluForward<T>(n, x.data(), y.data());
    SiluBackward<T>(n, d_y.data(), x.data(), d_x.data());
    Doubles expected, d_expected;
    for (int64_t i = 0; i < n; ++i) {
      expected.push_back(Silu(ToFloat(x[i])));
      d_expected.push_back(ToFloat(d_y[i]) * SiluSlope(ToFloat(x[i])));
    }
    ExpectNear(y, expected);
    ExpectNear(d_x, d_expected);

    std::vector<T> in_place = x, d_in_place = d_y;
    SiluForward<T>(n, in_place.data(), in_place.data());
    SiluBackward<T>(n, d_in_place.data(), x.data(), d_in_place.data());
    EXPECT_EQ(ToFloats(in_place), ToFloats(y));
    EXPECT_EQ(ToFloats(d_in_place), ToFloats(d_x));
  }
}

TYPED_TEST(SiluTest, SurvivesExtremes) {
  using T = TypeParam;
  std::vector<T> x, y(6), d_x(6), one(6, FromFloat<T>(1.0f));
  for (const float value : {-3e38f, -100.0f, 0.0f, 100.0f, 3e38f, std::nanf("")}) {
    x.push_back(FromFloat<T>(value));
  }
  SiluForward<T>(6, x.data(), y.data());
  SiluBackward<T>(6, one.data(), x.data(), d_x.data());
  EXPECT_NEAR(ToFloat(y[0]), 0.0f, 10.0f);  // x * the smallest sigmoid that the kernel gives
  EXPECT_NEAR(ToFloat(y[1]), 0.0f, 1e-30f);
  EXPECT_EQ(ToFloat(y[2]), 0.0f);
  EXPECT_EQ(ToFloat(y[3]), 100.0f);
  EXPECT_EQ(ToFloat(y[4]), ToFloat(x[4]));
  EXPECT_TRUE(std::isnan(ToFloat(y[5])));
  EXPECT_NEAR(ToFloat(d_x[1]), 0.0f, 1e-30f);
  EXPECT_EQ(ToFloat(d_x[2]), 0.5f);
  EXPECT_EQ(ToFloat(d_x[3]), 1.0f);
  EXPECT_TRUE(std::isnan(ToFloat(d_x[5])));
}

}  // namespace
}  // namespace rill::kernels
