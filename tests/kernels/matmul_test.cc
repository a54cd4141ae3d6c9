#include "kernels/cpu/matmul.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/cpu/simd.h"

namespace rill::kernels {
namespace {

std::vector<float> Draw(int64_t n, float scale, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> out(n);
  for (float& x : out) x = normal(random);
  return out;
}

bool CanRun(MatmulPrecision precision) {
  if (precision == MatmulPrecision::kInt8) return HasFastInt8();
  return precision == MatmulPrecision::kFloat || CurrentSimd() == Simd::kAvx512;
}

// A row as int8 products see it: multiples of its largest size / 127.
std::vector<double> Quantized(const float* row, int64_t n) {
  float largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(row[i]));
  std::vector<double> out(n, 0.0);
  for (int64_t i = 0; i < n && largest > 0; ++i) {
    out[i] = std::nearbyint(row[i] * (127.0f / largest)) * (largest / 127.0f);
  }
  return out;
}

struct Layer {
  Layer(int64_t outputs, int64_t inputs, Activation activation, MatmulPrecision precision,
        bool with_bias = true)
      : outputs(outputs),
        inputs(inputs),
        weight(Draw(outputs * inputs, 1.0f / std::sqrt(static_cast<float>(inputs)), 1)),
        bias(Draw(outputs, 1.0f, 2)) {
    auto created = PackedLinear::Create(weight.data(), with_bias ? bias.data() : nullptr, outputs,
                                        inputs, activation, precision);
    EXPECT_TRUE(created.ok()) << created.status();
    if (created.ok()) linear = *std::move(created);
  }

  std::vector<float> Run(int64_t rows, const float* x) const {
    auto scratch = NewMatmulScratch();
    std::vector<float> y(rows * outputs, std::numeric_limits<float>::quiet_NaN());
    linear->Run(rows, x, y.data(), *scratch);
    return y;
  }

  int64_t outputs, inputs;
  std::vector<float> weight, bias;
  std::unique_ptr<PackedLinear> linear;
};

class PackedLinearTest : public ::testing::TestWithParam<MatmulPrecision> {
 protected:
  void SetUp() override {
    if (!CanRun(GetParam())) GTEST_SKIP() << "this processor has no such products";
  }

  // A row of inputs or weights as the products see it.
  static std::vector<double> Seen(const float* row, int64_t n) {
    if (GetParam() == MatmulPrecision::kInt8) return Quantized(row, n);
    std::vector<double> out(row, row + n);
    if (GetParam() == MatmulPrecision::kBFloat16) {
      for (int64_t i = 0; i < n; ++i) out[i] = ToFloat(FromFloat<BFloat16>(row[i]));
    }
    return out;
  }
};

TEST_P(PackedLinearTest, MatchesDouble) {
  for (auto [outputs, inputs] :
       {std::pair{1024, 256}, {256, 1024}, {29, 256}, {256, 80}, {7, 3}, {1, 1}, {300, 33}}) {
    for (Activation activation : {Activation::kNone, Activation::kSilu}) {
      for (bool with_bias : {true, false}) {
        SCOPED_TRACE(::testing::Message() << outputs << " x " << inputs << " bias " << with_bias);
        const Layer layer(outputs, inputs, activation, GetParam(), with_bias);
        ASSERT_NE(layer.linear, nullptr);
        const int64_t rows = 19;
        const std::vector<float> x = Draw(rows * inputs, 1.0f, 3);
        const std::vector<float> y = layer.Run(rows, x.data());
        std::vector<std::vector<double>> weight;
        for (int64_t o = 0; o < outputs; ++o) {
          weight.push_back(Seen(layer.weight.data() + o * inputs, inputs));
        }
        for (int64_t r = 0; r < rows; ++r) {
          const std::vector<double> row = Seen(x.data() + r * inputs, inputs);
          for (int64_t o = 0; o < outputs; ++o) {
            double sum = std::inner_product(row.begin(), row.end(), weight[o].begin(),
                                            with_bias ? layer.bias[o] : 0.0);
            if (activation == Activation::kSilu) sum /= 1.0 + std::exp(-sum);
            ASSERT_NEAR(y[r * outputs + o], sum, 1e-5) << r << " " << o;
          }
        }
      }
    }
  }
}

// Nothing of a row's company, number or place reaches its bits.
TEST_P(PackedLinearTest, RowsDoNotDependOnTheirCompany) {
  for (Activation activation : {Activation::kNone, Activation::kSilu}) {
    const Layer layer(77, 256, activation, GetParam());
    ASSERT_NE(layer.linear, nullptr);
    const std::vector<float> x = Draw(150 * layer.inputs, 1.0f, 4);
    const std::vector<float> all = layer.Run(150, x.data());
    for (int64_t rows : {1, 2, 7, 8, 15, 16, 17, 64, 65, 149}) {
      for (int64_t first : {0, 1}) {
        const std::vector<float> some = layer.Run(rows, x.data() + first * layer.inputs);
        EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + first * layer.outputs))
            << rows << " rows from " << first;
      }
    }
  }
}

// A padded tile must not carry what an earlier, longer batch left in the scratch.
TEST_P(PackedLinearTest, ScratchIsSharedByLayersOfAnySize) {
  const Layer wide(512, 300, Activation::kNone, GetParam());
  const Layer narrow(20, 40, Activation::kNone, GetParam());
  const std::vector<float> x = Draw(100 * 300, 1e30f, 5);
  const std::vector<float> y = Draw(5 * 40, 1.0f, 6);
  auto scratch = NewMatmulScratch();
  std::vector<float> out(100 * 512);
  wide.linear->Run(99, x.data(), out.data(), *scratch);
  narrow.linear->Run(5, y.data(), out.data(), *scratch);
  const std::vector<float> want = narrow.Run(5, y.data());
  EXPECT_TRUE(std::equal(want.begin(), want.end(), out.begin()));
}

TEST_P(PackedLinearTest, ThreadsShareALayer) {
  const Layer layer(256, 256, Activation::kSilu, GetParam());
  const std::vector<float> x = Draw(40 * layer.inputs, 1.0f, 7);
  const std::vector<float> want = layer.Run(40, x.data());
  std::vector<std::vector<float>> got(8);
  std::vector<std::thread> threads;
  for (auto& y : got) {
    threads.emplace_back([&] {
      for (int repeat = 0; repeat < 10; ++repeat) y = layer.Run(40, x.data());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& y : got) EXPECT_EQ(y, want);
}

// Silence, and what is not a number: neither may come out as something to be heard.
TEST_P(PackedLinearTest, ZerosGiveTheBiasAndNaNsStay) {
  const Layer layer(33, 70, Activation::kNone, GetParam());
  ASSERT_NE(layer.linear, nullptr);
  std::vector<float> x(3 * layer.inputs, 0.0f);
  x[layer.inputs + 5] = std::numeric_limits<float>::quiet_NaN();
  x[2 * layer.inputs + 69] = std::numeric_limits<float>::infinity();
  const std::vector<float> y = layer.Run(3, x.data());
  for (int64_t o = 0; o < layer.outputs; ++o) {
    EXPECT_EQ(y[o], layer.bias[o]);
    EXPECT_FALSE(std::isfinite(y[layer.outputs + o]));
    EXPECT_FALSE(std::isfinite(y[2 * layer.outputs + o]));
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, PackedLinearTest,
                         ::testing::Values(MatmulPrecision::kFloat, MatmulPrecision::kBFloat16,
                                           MatmulPrecision::kInt8),
                         [](const auto& info) { return std::string(Name(info.param)); });

TEST(PackedLinearCreateTest, RefusesEmptyLayers) {
  const float weight = 1.0f;
  for (auto [outputs, inputs] : {std::pair{0, 1}, {1, 0}, {-1, 1}}) {
    const auto created = PackedLinear::Create(&weight, nullptr, outputs, inputs, Activation::kNone,
                                              MatmulPrecision::kAuto);
    EXPECT_EQ(created.status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(PackedLinearCreateTest, AutoTakesBFloat16WhereItIsFast) {
  const float weight = 1.0f;
  const auto created =
      PackedLinear::Create(&weight, nullptr, 1, 1, Activation::kNone, MatmulPrecision::kAuto);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ((*created)->precision() == MatmulPrecision::kBFloat16, HasFastBFloat16());
  EXPECT_EQ((*created)->tile_rows() % 8, 0);
}

}  // namespace
}  // namespace rill::kernels
