#include "model/training/optimizer/muon.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rill::training {
namespace {

at::Tensor Random(at::IntArrayRef shape, uint64_t seed = 7) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

class OrthogonalizeTest : public testing::TestWithParam<at::ScalarType> {};

TEST_P(OrthogonalizeTest, BringsSingularValuesNearOne) {
  for (const auto& shape : std::vector<std::vector<int64_t>>{{40, 96}, {96, 40}, {64, 64}}) {
    // Scale must not matter.
    const at::Tensor matrix = Random(shape) * 1e-3;
    const at::Tensor result = Orthogonalize(matrix, 5, GetParam());
    ASSERT_EQ(result.sizes(), matrix.sizes());
    const at::Tensor values = std::get<1>(at::linalg_svd(result, /*full_matrices=*/false));
    EXPECT_LT(values.max().item<float>(), 1.3f);
    // A square random matrix has singular values next to 0 that five rounds do not lift.
    const float least = shape[0] == shape[1] ? 0.0f : 0.6f;
    EXPECT_GT(values.min().item<float>(), least);
    EXPECT_NEAR(values.mean().item<float>(), 0.95f, 0.15f);
  }
}

TEST_P(OrthogonalizeTest, KeepsSingularVectors) {
  const at::Tensor matrix = Random({48, 80});
  const auto [u, s, vh] = at::linalg_svd(matrix, /*full_matrices=*/false);
  const at::Tensor polar = at::matmul(u, vh);
  const at::Tensor result = Orthogonalize(matrix, 5, GetParam());
  const double cosine =
      (result * polar).sum().item<double>() / (result.norm() * polar.norm()).item<double>();
  EXPECT_GT(cosine, 0.97);
}

TEST_P(OrthogonalizeTest, LeavesZeroAtZero) {
  const at::Tensor result = Orthogonalize(at::zeros({8, 16}), 5, GetParam());
  EXPECT_EQ(result.abs().max().item<float>(), 0);
}

INSTANTIATE_TEST_SUITE_P(Types, OrthogonalizeTest, testing::Values(at::kFloat, at::kBFloat16));

TEST(MuonDirectionTest, OrthogonalisesMatricesApart) {
  const at::Tensor first = Random({32, 48}, 1);
  // Ten thousand times smaller: together with the first it would vanish.
  const at::Tensor second = Random({32, 48}, 2) * 1e-4;
  const auto direction = [](const at::Tensor& momenta) {
    return MuonDirection(momenta, 5, at::kFloat);
  };
  const at::Tensor together = direction(at::stack({first, second}));
  const at::Tensor apart = at::cat({direction(first.unsqueeze(0)), direction(second.unsqueeze(0))});
  EXPECT_TRUE(at::allclose(together, apart, 1e-3, 1e-4));
  const at::Tensor as_one = direction(at::cat({first, second}).unsqueeze(0)).view({2, 32, 48});
  EXPECT_FALSE(at::allclose(together, as_one, 1e-1, 1e-1));
}

TEST(MuonDirectionTest, HasTheSizeOfAnAdamUpdate) {
  const at::Tensor direction = MuonDirection(Random({1, 128, 512}), 5, at::kFloat);
  EXPECT_NEAR(direction.square().mean().sqrt().item<double>(), 0.2, 0.05);
}

TEST(FusedPartsTest, KnowsTheFusedMatrices) {
  EXPECT_EQ(FusedParts("blocks.3.attention.qkvg.weight", 512, 128), 4);
  EXPECT_EQ(FusedParts("blocks.3.attention.qkvg.weight", 384, 128), 3);
  EXPECT_EQ(FusedParts("blocks.0.conv.up.weight", 320, 128), 2);
  EXPECT_EQ(FusedParts("blocks.0.conv.down.weight", 160, 128), 1);
  EXPECT_EQ(FusedParts("blocks.0.ffn1.up.weight", 640, 128), 1);
}

}  // namespace
}  // namespace rill::training
