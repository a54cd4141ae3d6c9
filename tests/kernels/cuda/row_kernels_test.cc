// The kernels that work row by row or value by value: RMSNorm, SiLU, log-softmax.
#include <cmath>

#include "kernels/cpu/log_softmax.h"
#include "kernels/cpu/silu.h"
#include "kernels/cuda/log_softmax.h"
#include "kernels/cuda/rms_norm.h"
#include "kernels/cuda/silu.h"
#include "tests/kernels/cuda/cuda_testing.h"

namespace rill::kernels::cuda {
namespace {

class CudaRmsNormTest : public CudaTest {
 protected:
  template <typename T>
  void ExpectTwinsAgree(NormShape shape, bool has_branch, bool silu) {
    SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.width << ", branch "
                                      << has_branch << ", silu " << silu);
    const int64_t n = shape.rows * shape.width;
    const auto x = RandomArray<float>(n, random), weight = RandomArray<float>(shape.width, random);
    const auto branch = RandomArray<T>(n, random);
    std::vector<float> h = x, y(n);
    kernels::RmsNormForward<float>(shape, x.data(), has_branch ? ToFloats(branch).data() : nullptr,
                                   0.5f, weight.data(), silu, h.data(), y.data(), nullptr);

    DeviceArray<float> device_h(x), device_weight(weight);
    DeviceArray<T> device_branch(branch), device_y(n);
    ASSERT_EQ(
        cuda::RmsNormForward<T>(shape, device_h.data(), has_branch ? device_branch.data() : nullptr,
                                0.5f, device_weight.data(), silu,
                                has_branch ? device_h.data() : nullptr, device_y.data(), nullptr),
        cudaSuccess);
    ExpectNear(device_h.Get(), ToDoubles(h));
    ExpectNear(device_y.Get(), ToDoubles(y));
  }
};

TEST_F(CudaRmsNormTest, EqualsTheTwin) {
  for (const int64_t width : {4, 16, 124, 128, 132, 160, 256, 260, 512, 516, 1024}) {
    ExpectTwinsAgree<float>({5, width}, width % 3 == 0, width % 8 == 0);
    ExpectTwinsAgree<BFloat16>({3, width}, width % 3 != 0, width % 8 != 0);
  }
  for (const int64_t rows : {0, 1, 4, 9}) ExpectTwinsAgree<float>({rows, 20}, true, true);
}

TEST_F(CudaRmsNormTest, RefusesWhatItCannot) {
  for (const int64_t width : {int64_t{18}, kMaxNormWidth + 4}) {
    EXPECT_EQ(cuda::RmsNormForward<float>({1, width}, nullptr, nullptr, 0, nullptr, false, nullptr,
                                          nullptr, nullptr),
              cudaErrorInvalidValue);
  }
}

class CudaSiluTest : public CudaTest {
 protected:
  template <typename T>
  void ExpectTwinsAgree(int64_t n) {
    const auto x = RandomArray<T>(n, random, 4.0);
    std::vector<T> y(n);
    kernels::SiluForward<T>(n, x.data(), y.data());
    DeviceArray<T> device_x(x);
    ASSERT_EQ(SiluForward(n, device_x.data(), device_x.data(), nullptr), cudaSuccess);
    ExpectNear(device_x.Get(), ToDoubles(y));
  }
};

TEST_F(CudaSiluTest, EqualsTheTwin) {
  for (const int64_t n : {0, 1, 3, 4, 5, 1023, 1024, 1030, 5000}) {
    ExpectTwinsAgree<float>(n);
    ExpectTwinsAgree<BFloat16>(n);
  }
}

class CudaLogSoftmaxTest : public CudaTest {
 protected:
  void ExpectBest(int64_t width, const std::vector<float>& logits, const std::vector<float>& want,
                  int k, const std::vector<int32_t>& tokens, const std::vector<float>& log_probs) {
    const int64_t rows = static_cast<int64_t>(want.size()) / width;
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<int32_t> order;
      for (int32_t i = 0; i < width; ++i) {
        if (!std::isnan(logits[row * width + i])) order.push_back(i);
      }
      std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
        return logits[row * width + a] > logits[row * width + b];
      });
      for (int n = 0; n < k; ++n) {
        const bool is_token = n < static_cast<int>(order.size());
        ASSERT_EQ(tokens[row * k + n], is_token ? order[n] : -1) << row << " " << n;
        if (!is_token) {
          EXPECT_EQ(log_probs[row * k + n], -INFINITY);
        } else if (!std::isnan(want[row * width])) {
          EXPECT_NEAR(log_probs[row * k + n], want[row * width + order[n]], 1e-4);
        }
      }
    }
  }
};

TEST_F(CudaLogSoftmaxTest, EqualsTheTwinAndSortsTheBest) {
  for (const int64_t width : {2, 16, 29, 32, 33, 100, 500}) {
    for (const int k : {0, 1, 4, 17}) {
      constexpr int64_t kRows = 6;
      auto x = RandomArray<float>(kRows * width, random, 4.0);
      for (int64_t i = 0; i < width; ++i) x[i] = static_cast<float>(i / 2 % 3);  // equals
      x[2 * width - 1] = 200.0f;  // the exponential of which is no float
      std::vector<float> want(x.size());
      kernels::LogSoftmax(kRows, width, width, x.data(), want.data());
      DeviceArray<float> y(x), log_probs(kRows * k);
      DeviceArray<int32_t> tokens(kRows * k);
      ASSERT_EQ(LogSoftmax(kRows, width, width, y.data(), y.data(),
                           {k, tokens.data(), log_probs.data()}, nullptr),
                cudaSuccess);
      ExpectNear(y.Get(), ToDoubles(want), 1.0);
      ExpectBest(width, x, want, k, tokens.Get(), log_probs.Get());
    }
  }
}

TEST_F(CudaLogSoftmaxTest, PartsOfRowsAreEachOnTheirOwn) {
  constexpr int64_t kRows = 6, kLeft = 29, kRight = 41, kStride = kLeft + kRight;
  const auto x = RandomArray<float>(kRows * kStride, random, 4.0);
  std::vector<float> want = x;
  kernels::LogSoftmax(kRows, kLeft, kStride, want.data(), want.data());
  kernels::LogSoftmax(kRows, kRight, kStride, want.data() + kLeft, want.data() + kLeft);
  DeviceArray<float> y(x);
  ASSERT_EQ(LogSoftmax(kRows, kLeft, kStride, y.data(), y.data(), {}, nullptr), cudaSuccess);
  ASSERT_EQ(LogSoftmax(kRows, kRight, kStride, y.data() + kLeft, y.data() + kLeft, {}, nullptr),
            cudaSuccess);
  ExpectNear(y.Get(), ToDoubles(want), 1.0);
}

TEST_F(CudaLogSoftmaxTest, NansAreNoTokensAndTheWholeRowNeedNotBeWritten) {
  const std::vector<float> x = {NAN, 1.0f, -INFINITY, 2.0f, NAN, NAN, NAN, NAN};
  DeviceArray<float> device_x(x), log_probs(2 * 4);
  DeviceArray<int32_t> tokens(2 * 4);
  ASSERT_EQ(
      LogSoftmax(2, 4, 4, device_x.data(), nullptr, {4, tokens.data(), log_probs.data()}, nullptr),
      cudaSuccess);
  EXPECT_EQ(tokens.Get(), (std::vector<int32_t>{3, 1, 2, -1, -1, -1, -1, -1}));
}

}  // namespace
}  // namespace rill::kernels::cuda
