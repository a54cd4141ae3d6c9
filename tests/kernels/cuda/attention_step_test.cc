#include "kernels/cuda/attention_step.h"

#include "kernels/cpu/recurrent_attention.h"
#include "kernels/cpu/serving_heads.h"
#include "tests/kernels/cuda/cuda_testing.h"

namespace rill::kernels::cuda {
namespace {

constexpr float kMinForgetOfTest = 1.0f / 1500;

struct Options {
  int heads = 2;
  int width = 20;
  bool paper = false;
  int64_t spare_floats = 12;  // between the slots of the arena
};

// A layer's weights, the streams' states and a step's inputs, all in the precision of T.
template <typename T>
struct Step {
  Step(std::vector<int32_t> slots, std::vector<int32_t> frames, std::vector<int32_t> chunks,
       Options options, std::mt19937& random)
      : options(options),
        rows(slots, frames),
        chunks(chunks),
        inner(options.heads * kHeadDim),
        stride((options.paper ? 3 : 4) * inner),
        slot_stride(options.heads * kHeadStateFloats + options.spare_floats) {
    qkvg = RandomArray<T>(rows.total() * stride, random);
    y = RandomArray<T>(rows.total() * options.width, random);
    q_scale = RandomArray<float>(inner, random);
    k_scale = RandomArray<float>(inner, random);
    decay_weight = RandomArray<float>(options.heads * options.width, random);
    decay_bias = RandomArray<float>(options.heads, random, 3.0);
    merge_weight = RandomArray<float>(inner, random);
    arena = RandomArray<float>(rows.num_slots() * slot_stride, random);
    for (float& x : arena) x = std::abs(x);
  }

  // With the kernels of the CPU.
  void RunTwin() {
    const auto or_null = [&](const std::vector<float>& values) {
      return options.paper ? nullptr : values.data();
    };
    const int64_t total = rows.total(), heads = options.heads;
    std::vector<float> projected = ToFloats(qkvg), normed = ToFloats(y), log_decay(total * heads);
    MapHeadsInPlace(total, heads, stride, or_null(q_scale), or_null(k_scale), projected.data());
    LogDecay(total, heads, options.width, normed.data(), decay_weight.data(), decay_bias.data(),
             kMinForgetOfTest, log_decay.data());
    std::vector<float> num(total * inner), den(total * heads);
    RecurrentAttentionStep({.rows = static_cast<int64_t>(rows.slots.size()),
                            .heads = heads,
                            .slots = rows.slots.data(),
                            .frames = rows.frames.data(),
                            .chunks = chunks.data(),
                            .q = projected.data(),
                            .k = projected.data() + inner,
                            .v = projected.data() + 2 * inner,
                            .frame_stride = stride,
                            .log_decay = options.paper ? nullptr : log_decay.data(),
                            .state = {arena.data(), slot_stride, kHeadStateFloats},
                            .num = num.data(),
                            .den = den.data()});
    out.resize(total * inner);
    MergeHeadsStep(total, heads, num.data(), den.data(), projected.data() + 3 * inner, stride,
                   or_null(merge_weight), out.data());
  }

  // `arena` and `out` as the kernel leaves them.
  void RunKernel() {
    DeviceArray<T> device_qkvg(qkvg), device_y(y), device_out(rows.total() * inner);
    DeviceArray<float> device_q_scale(q_scale), device_k_scale(k_scale);
    DeviceArray<float> device_decay_weight(decay_weight), device_decay_bias(decay_bias);
    DeviceArray<float> device_merge_weight(merge_weight), device_arena(arena);
    DeviceArray<int32_t> device_chunks(chunks);
    const DeviceRows device_rows(rows);
    AttentionStepArgs<T> args = {};
    args.rows = device_rows.view();
    args.chunks = device_chunks.data();
    args.heads = options.heads;
    args.qkvg = device_qkvg.data();
    args.frame_stride = stride;
    args.state = {device_arena.data(), slot_stride};
    args.out = device_out.data();
    if (!options.paper) {
      args.q_scale = device_q_scale.data();
      args.k_scale = device_k_scale.data();
      args.y = device_y.data();
      args.width = options.width;
      args.decay_weight = device_decay_weight.data();
      args.decay_bias = device_decay_bias.data();
      args.min_forget = kMinForgetOfTest;
      args.merge_weight = device_merge_weight.data();
    }
    ASSERT_EQ(AttentionStep(args, nullptr), cudaSuccess);
    arena = device_arena.Get();
    rounded_out = device_out.Get();
    out = ToFloats(rounded_out);
  }

  Options options;
  TestRows rows;
  std::vector<int32_t> chunks;
  int64_t inner, stride, slot_stride;
  std::vector<T> qkvg, y, rounded_out;
  std::vector<float> q_scale, k_scale, decay_weight, decay_bias, merge_weight, arena, out;
};

class CudaAttentionStepTest : public CudaTest {
 protected:
  template <typename T>
  void ExpectTwinsAgree(std::vector<int32_t> slots, std::vector<int32_t> frames,
                        std::vector<int32_t> chunks, Options options) {
    SCOPED_TRACE(::testing::Message()
                 << options.heads << " heads, width " << options.width << ", paper "
                 << options.paper << ", first chunk " << chunks[0]);
    Step<T> device(slots, frames, chunks, options, random);
    Step<T> host = device;
    host.RunTwin();
    device.RunKernel();
    ExpectNear(device.arena, ToDoubles(host.arena), 1.0, 1e-5);
    ExpectNear(device.rounded_out, ToDoubles(host.out), 1.0, 10 * kRelative<T>);
  }
};

TEST_F(CudaAttentionStepTest, EqualsTheTwinForEveryChunk) {
  for (const int chunk : {1, 2, 3, 4, 7, 8, 16}) {
    ExpectTwinsAgree<float>({3, 0, 1}, {chunk, 2 * chunk + 1, 5}, {chunk, chunk, chunk}, {});
  }
}

TEST_F(CudaAttentionStepTest, EqualsTheTwinForEveryNumberOfHeads) {
  for (const int heads : {1, 3, 4, 8}) {
    ExpectTwinsAgree<float>({2, 1}, {4, 9}, {4, 8}, {.heads = heads, .width = 160});
    ExpectTwinsAgree<BFloat16>({2, 1}, {4, 9}, {4, 8}, {.heads = heads, .width = 132});
  }
}

TEST_F(CudaAttentionStepTest, PaperModeEqualsTheTwin) {
  ExpectTwinsAgree<float>({1, 0}, {6, 1}, {1, 1}, {.paper = true});
  ExpectTwinsAgree<BFloat16>({1}, {9}, {4}, {.paper = true});
}

TEST_F(CudaAttentionStepTest, PaddingRowsAreZeroAndTouchNothing) {
  ExpectTwinsAgree<float>({4, -1, 1, 2, -1}, {9, 5, 0, 16, 3}, {4, 8, 8, 16, 1}, {});
  Step<float> step({-1, 2}, {3, 0}, {4, 4}, {}, random);
  const std::vector<float> arena = step.arena;
  step.RunKernel();
  EXPECT_EQ(step.arena, arena);
  EXPECT_EQ(step.out, std::vector<float>(3 * step.inner, 0.0f));
}

// A decay of minus infinity forgets, and gives no NaN.
TEST_F(CudaAttentionStepTest, SurvivesTotalDecay) {
  Step<float> step({0}, {8}, {4}, {}, random);
  step.decay_bias.assign(step.options.heads, -1e30f);
  Step<float> host = step;
  host.RunTwin();
  step.RunKernel();
  ExpectNear(step.arena, ToDoubles(host.arena), 1.0, 1e-5);
  ExpectNear(step.rounded_out, ToDoubles(host.out), 1.0, 1e-4);
}

TEST_F(CudaAttentionStepTest, RowsDoNotDependOnTheirCompany) {
  Step<float> together({3, 0, 5}, {24, 7, 16}, {8, 1, 16}, {.heads = 3}, random);
  Step<float> alone = together;
  together.RunKernel();
  for (size_t row = 0; row < 3; ++row) {
    const int32_t chunk = together.chunks[row];
    for (int32_t t = 0; t < together.rows.frames[row]; t += chunk) {
      const int32_t n = std::min(chunk, together.rows.frames[row] - t);
      const int64_t first = together.rows.starts[row] + t;
      Step<float> step = alone;
      step.rows = TestRows({together.rows.slots[row]}, {n});
      step.chunks = {chunk};
      step.qkvg.assign(alone.qkvg.begin() + first * alone.stride,
                       alone.qkvg.begin() + (first + n) * alone.stride);
      step.y.assign(alone.y.begin() + first * alone.options.width,
                    alone.y.begin() + (first + n) * alone.options.width);
      step.RunKernel();
      alone.arena = step.arena;
      const std::vector<float> expected(together.out.begin() + first * alone.inner,
                                        together.out.begin() + (first + n) * alone.inner);
      EXPECT_EQ(step.out, expected) << "row " << row << " frame " << t;
    }
  }
  EXPECT_EQ(alone.arena, together.arena);
}

TEST_F(CudaAttentionStepTest, RefusesWhatItCannot) {
  AttentionStepArgs<float> args = {};
  for (const int heads : {0, kMaxStepHeads + 1}) {
    args.heads = heads;
    EXPECT_EQ(AttentionStep(args, nullptr), cudaErrorInvalidValue);
  }
  args.heads = 1;
  EXPECT_EQ(AttentionStep(args, nullptr), cudaSuccess);  // no rows
}

}  // namespace
}  // namespace rill::kernels::cuda
