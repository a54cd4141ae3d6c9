#include "kernels/cpu/glu_conv.h"

#include "tests/kernels/kernel_testing.h"

namespace rill::kernels {
namespace {

constexpr ConvShape kShapes[] = {
    {1, 1, 1, 15},   {2, 3, 7, 15},  {2, 14, 16, 15}, {1, 15, 160, 15}, {2, 75, 161, 15},
    {1, 100, 64, 1}, {1, 40, 65, 2}, {2, 97, 9, 32},  {0, 10, 16, 15},  {2, 0, 16, 15},
};

::testing::Message Describe(const ConvShape& s) {
  return ::testing::Message() << s.batch << " x " << s.frames << " x " << s.width << ", kernel "
                              << s.kernel;
}

template <typename T>
class GluConvTest : public ::testing::Test {};
TYPED_TEST_SUITE(GluConvTest, ElementTypes);

TYPED_TEST(GluConvTest, AgreesWithTheReference) {
  using T = TypeParam;
  std::mt19937 random(1);
  for (const ConvShape& shape : kShapes) {
    SCOPED_TRACE(Describe(shape));
    const int64_t width = shape.width, kernel = shape.kernel, rows = shape.batch * shape.frames;
    const auto x = RandomArray<T>(rows * 2 * width, random, 2.0);
    const auto d_y = RandomArray<T>(rows * width, random);
    const auto w = RandomArray<float>(width * kernel, random);
    std::vector<T> g(rows * width), y(rows * width), d_x(rows * 2 * width);
    std::vector<float> d_w(width * kernel, 3.0f);
    GluConvForward<T>(shape, x.data(), w.data(), g.data(), y.data());
    GluConvBackward<T>(shape, d_y.data(), x.data(), g.data(), w.data(), d_x.data(), d_w.data());

    // The convolution starts from g as the kernel stored it.
    Doubles g_ref(rows * width), y_ref(rows * width), d_g(rows * width), d_x_ref(rows * 2 * width);
    Doubles d_w_ref(width * kernel, 3.0);
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t c = 0; c < width; ++c) {
        const int64_t t = row % shape.frames, at = row * width + c;
        const double a = ToFloat(x[row * 2 * width + c]);
        g_ref[at] = a * Sigmoid(ToFloat(x[row * 2 * width + width + c]));
        for (int64_t j = 0; j < kernel; ++j) {
          const int64_t from = t - (kernel - 1) + j;
          if (from < 0) continue;
          const int64_t source = (row - t + from) * width + c;
          y_ref[at] += w[c * kernel + j] * ToFloat(g[source]);
          d_g[source] += w[c * kernel + j] * ToFloat(d_y[at]);
          d_w_ref[c * kernel + j] += ToFloat(d_y[at]) * ToFloat(g[source]);
        }
      }
    }
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t c = 0; c < width; ++c) {
        const int64_t a = row * 2 * width + c, b = a + width;
        const double s = Sigmoid(ToFloat(x[b])), d = d_g[row * width + c];
        d_x_ref[a] = d * s;
        d_x_ref[b] = d * ToFloat(x[a]) * s * (1.0 - s);
      }
    }
    ExpectNear(g, g_ref);
    ExpectNear(y, y_ref, 1.0);
    ExpectNear(d_x, d_x_ref, 1.0);
    ExpectNear(d_w, d_w_ref, 10.0, 1e-5);
  }
}

// Any cut of the frames into calls gives the same bits, and those of the parallel form.
TEST(GluConvStepTest, DoesNotDependOnTheCut) {
  std::mt19937 random(2);
  for (const ConvShape& shape : kShapes) {
    if (shape.batch != 1) continue;
    SCOPED_TRACE(Describe(shape));
    const int64_t width = shape.width, kernel = shape.kernel;
    const auto x = RandomArray<float>(shape.frames * 2 * width, random);
    const auto w = RandomArray<float>(width * kernel, random);
    std::vector<float> taps(width * kernel), g(shape.frames * width), expected(g.size());
    TransposeConvWeight(width, kernel, w.data(), taps.data());
    GluConvForward<float>(shape, x.data(), w.data(), g.data(), expected.data());
    Doubles last(std::max<int64_t>(0, (kernel - 1 - shape.frames) * width), 0.0);
    for (int64_t t = std::max<int64_t>(0, shape.frames - (kernel - 1)); t < shape.frames; ++t) {
      for (int64_t c = 0; c < width; ++c) last.push_back(g[t * width + c]);
    }
    for (const int64_t longest : {1, 2, 3, 9, 16, 1000}) {
      std::uniform_int_distribution<int64_t> length(longest == 3 ? 0 : longest, longest);
      std::vector<float> tail((kernel - 1) * width), y(shape.frames * width);
      for (int64_t t = 0; t < shape.frames;) {
        const int64_t frames = std::min(shape.frames - t, length(random));
        GluConvStep(frames, width, kernel, x.data() + t * 2 * width, taps.data(), tail.data(),
                    y.data() + t * width);
        t += frames;
      }
      EXPECT_EQ(y, expected) << "calls of up to " << longest;
      EXPECT_EQ(ToDoubles(tail), last) << "calls of up to " << longest;
    }
  }
}

}  // namespace
}  // namespace rill::kernels
