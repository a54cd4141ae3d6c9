#include "kernels/cpu/recurrent_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "tests/kernels/linear_attention_reference.h"

namespace rill::kernels {
namespace {

constexpr float kUntouched = 123.0f;

std::vector<float> Draw(int64_t n, uint32_t seed, float low, float high) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> out(n);
  for (float& x : out) x = uniform(random);
  return out;
}

// Streams in an arena, and what they are fed: row r has frames[r] frames of q, k, v in one matrix.
struct Streams {
  Streams(std::vector<int32_t> slots, std::vector<int32_t> frames, std::vector<int32_t> chunks,
          int64_t heads, int64_t num_slots, bool decays, uint32_t seed = 1)
      : slots(slots), frames(frames), chunks(chunks), heads(heads), num_slots(num_slots) {
    for (int32_t n : frames) total += n;
    stride = 3 * heads * kHeadDim;
    qkv = Draw(total * stride, seed, 0.0f, 1.0f);
    if (decays) log_decay = Draw(total * heads, seed + 1, -0.2f, 0.0f);
    arena.assign(num_slots * heads * kHeadStateFloats, kUntouched);
    for (int32_t slot : slots) {
      if (slot < 0) continue;
      const std::vector<float> state =
          Draw(heads * kHeadStateFloats, seed + 100 + slot, 0.0f, 1.0f);
      std::copy(state.begin(), state.end(), Slot(slot));
    }
    num.assign(total * heads * kHeadDim, kUntouched);
    den.assign(total * heads, kUntouched);
  }

  float* Slot(int32_t slot) { return arena.data() + slot * heads * kHeadStateFloats; }

  RecurrentAttentionArgs Args() {
    return {.rows = static_cast<int64_t>(slots.size()),
            .heads = heads,
            .slots = slots.data(),
            .frames = frames.data(),
            .chunks = chunks.data(),
            .q = qkv.data(),
            .k = qkv.data() + heads * kHeadDim,
            .v = qkv.data() + 2 * heads * kHeadDim,
            .frame_stride = stride,
            .log_decay = log_decay.empty() ? nullptr : log_decay.data(),
            .state = {arena.data(), heads * kHeadStateFloats, kHeadStateFloats},
            .num = num.data(),
            .den = den.data()};
  }

  std::vector<int32_t> slots, frames, chunks;
  int64_t heads, num_slots, total = 0, stride = 0;
  std::vector<float> qkv, log_decay, arena, num, den;
};

// Equations 16-20 of the paper, spelled out. The order of the 64 additions of q . z is the
// kernel's: sixteen partial sums, then pairs.
TEST(RecurrentAttentionTest, PaperModeIsTheRecurrenceBitForBit) {
  constexpr int kFrames = 50;
  Streams streams({0}, {kFrames}, {1}, 1, 1, /*decays=*/false);
  std::vector<float> state(streams.arena);
  RecurrentAttentionStep(streams.Args());
  float* z = state.data() + kHeadDim * kHeadDim;
  for (int t = 0; t < kFrames; ++t) {
    const float* q = streams.qkv.data() + t * streams.stride;
    const float* k = q + kHeadDim;
    const float* v = k + kHeadDim;
    for (int d = 0; d < kHeadDim; ++d) z[d] = z[d] + k[d];
    for (int m = 0; m < kHeadDim; ++m) {
      float num = 0.0f;
      for (int d = 0; d < kHeadDim; ++d) {
        float& s = state[d * kHeadDim + m];
        s = std::fma(k[d], v[m], s);
        num = std::fma(q[d], s, num);
      }
      ASSERT_EQ(streams.num[t * kHeadDim + m], num) << t << " " << m;
    }
    float sums[16] = {};
    for (int d = 0; d < kHeadDim; ++d) sums[d % 16] = std::fma(q[d], z[d], sums[d % 16]);
    for (int apart : {8, 4, 2, 1}) {
      for (int i = 0; i < apart; ++i) sums[i] += sums[i + apart];
    }
    ASSERT_EQ(streams.den[t], sums[0]) << t;
  }
  EXPECT_EQ(streams.arena, state);
}

// The same clip through both forms; S starts at zero, z at z0.
TEST(RecurrentAttentionTest, EqualsTheParallelForm) {
  constexpr int kFrames = 203;
  for (bool decays : {false, true}) {
    for (int32_t chunk : {1, 2, 3, 4, 8, 16, 31, 64}) {
      SCOPED_TRACE(::testing::Message() << "chunk " << chunk << " decays " << decays);
      Streams streams({0}, {kFrames}, {chunk}, 1, 1, decays);
      std::fill(streams.arena.begin(), streams.arena.begin() + kHeadDim * kHeadDim, 0.0f);
      const std::vector<float> z0(streams.arena.begin() + kHeadDim * kHeadDim, streams.arena.end());
      std::vector<float> q, k, v;
      std::vector<int32_t> chunk_end;
      for (int t = 0; t < kFrames; ++t) {
        const float* row = streams.qkv.data() + t * streams.stride;
        q.insert(q.end(), row, row + kHeadDim);
        k.insert(k.end(), row + kHeadDim, row + 2 * kHeadDim);
        v.insert(v.end(), row + 2 * kHeadDim, row + 3 * kHeadDim);
        chunk_end.push_back(std::min(kFrames, (t / chunk + 1) * chunk));
      }
      std::vector<float> num(kFrames * kHeadDim), den(kFrames);
      LinearAttentionForward<float>(
          {1, 1, kFrames},
          {q.data(), k.data(), v.data(), decays ? streams.log_decay.data() : nullptr,
           chunk_end.data(), z0.data()},
          num.data(), den.data());
      RecurrentAttentionStep(streams.Args());
      for (int i = 0; i < kFrames * kHeadDim; ++i) {
        ASSERT_NEAR(streams.num[i] / num[i], 1.0f, 1e-5f) << i;
      }
      for (int i = 0; i < kFrames; ++i) ASSERT_NEAR(streams.den[i] / den[i], 1.0f, 1e-5f) << i;
    }
  }
}

TEST(RecurrentAttentionTest, TouchesOnlyTheNamedSlots) {
  Streams streams({4, -1, 1, 2}, {9, 5, 0, 16}, {4, 8, 8, 16}, 2, 6, /*decays=*/true);
  const std::vector<float> before = streams.arena;
  RecurrentAttentionStep(streams.Args());
  const int64_t slot_floats = streams.heads * kHeadStateFloats;
  for (int32_t slot : {0, 1, 3, 5}) {  // slot 1 is named, but has no frames
    EXPECT_TRUE(std::equal(streams.Slot(slot), streams.Slot(slot) + slot_floats,
                           before.begin() + slot * slot_floats))
        << slot;
  }
  for (int32_t slot : {2, 4}) {
    EXPECT_FALSE(std::equal(streams.Slot(slot), streams.Slot(slot) + slot_floats,
                            before.begin() + slot * slot_floats))
        << slot;
  }
  for (int64_t t = 0; t < streams.total; ++t) {
    const bool padding = t >= 9 && t < 14;
    for (int64_t h = 0; h < streams.heads; ++h) {
      const int64_t at = t * streams.heads + h;
      EXPECT_EQ(streams.den[at] == 0.0f, padding) << t;
      EXPECT_NE(streams.den[at], kUntouched) << t;
      for (int d = 0; d < kHeadDim; ++d) EXPECT_EQ(streams.num[at * kHeadDim + d] == 0.0f, padding);
    }
  }
}

// Rows together give the bits that each gives alone, one chunk a call.
TEST(RecurrentAttentionTest, RowsDoNotDependOnTheirCompany) {
  for (bool decays : {false, true}) {
    const std::vector<int32_t> slots{3, 0, 5, 1}, frames{24, 7, 16, 33}, chunks{8, 1, 16, 4};
    Streams together(slots, frames, chunks, 3, 6, decays);
    Streams alone(together);
    RecurrentAttentionStep(together.Args());

    const RecurrentAttentionArgs all = alone.Args();
    int64_t first = 0;
    for (size_t r = 0; r < slots.size(); ++r) {
      for (int32_t t = 0; t < frames[r]; t += chunks[r]) {
        const int32_t n = std::min(chunks[r], frames[r] - t);
        RecurrentAttentionArgs one = all;
        one.rows = 1;
        one.slots = &slots[r];
        one.frames = &n;
        one.chunks = &chunks[r];
        one.q += (first + t) * alone.stride;
        one.k += (first + t) * alone.stride;
        one.v += (first + t) * alone.stride;
        if (decays) one.log_decay += (first + t) * alone.heads;
        one.num += (first + t) * alone.heads * kHeadDim;
        one.den += (first + t) * alone.heads;
        RecurrentAttentionStep(one);
      }
      first += frames[r];
    }
    EXPECT_EQ(together.num, alone.num);
    EXPECT_EQ(together.den, alone.den);
    EXPECT_EQ(together.arena, alone.arena);
  }
}

// Ten hours at 40 ms a frame, one head, against the recurrence in double.
class TenHoursTest : public ::testing::TestWithParam<bool> {};

TEST_P(TenHoursTest, StaysExactAndFinite) {
  constexpr int kFrames = 900'000;
  constexpr int32_t kChunk = 8;
  constexpr int kPeriod = 10'007;  // frames drawn before they repeat; no multiple of the chunk
  const bool decays = GetParam();
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  const auto phi = [](float x) { return x > 0 ? x + 1 : std::exp(x); };
  std::vector<float> q(kPeriod * kHeadDim), k(q), v(q), log_decay(kPeriod);
  for (float& x : q) x = phi(normal(random));
  for (float& x : k) x = phi(normal(random));
  for (float& x : v) x = normal(random);
  for (float& x : log_decay) x = -1.0f / 1500 - 0.05f * std::abs(normal(random));

  const int32_t slot = 0;
  std::vector<float> state(kHeadStateFloats, 0.0f), num(kChunk * kHeadDim), den(kChunk);
  std::vector<float> inputs(kChunk * 3 * kHeadDim), steps(kChunk);
  // The reference keeps 8 of the 64 value columns, and z.
  constexpr int kColumns = 8;
  std::vector<double> s(kHeadDim * kColumns, 0.0), z(kHeadDim, 0.0);
  double worst = 0.0;
  for (int first = 0; first < kFrames; first += kChunk) {
    double total = 0.0;
    for (int i = 0; i < kChunk; ++i) {
      const int at = (first + i) % kPeriod;
      float* row = inputs.data() + i * 3 * kHeadDim;
      std::copy_n(&q[at * kHeadDim], kHeadDim, row);
      std::copy_n(&k[at * kHeadDim], kHeadDim, row + kHeadDim);
      std::copy_n(&v[at * kHeadDim], kHeadDim, row + 2 * kHeadDim);
      steps[i] = log_decay[at];
      total += steps[i];
    }
    RecurrentAttentionStep({.rows = 1,
                            .heads = 1,
                            .slots = &slot,
                            .frames = &kChunk,
                            .chunks = &kChunk,
                            .q = inputs.data(),
                            .k = inputs.data() + kHeadDim,
                            .v = inputs.data() + 2 * kHeadDim,
                            .frame_stride = 3 * kHeadDim,
                            .log_decay = decays ? steps.data() : nullptr,
                            .state = {state.data(), kHeadStateFloats, kHeadStateFloats},
                            .num = num.data(),
                            .den = den.data()});
    const double keep = decays ? std::exp(total) : 1.0;
    for (double& x : s) x *= keep;
    for (double& x : z) x *= keep;
    double ahead = 0.0;
    for (int i = kChunk - 1; i >= 0; --i) {
      const double weight = decays ? std::exp(ahead) : 1.0;
      ahead += steps[i];
      const float* row = inputs.data() + i * 3 * kHeadDim;
      for (int d = 0; d < kHeadDim; ++d) {
        const double key = weight * row[kHeadDim + d];
        z[d] += key;
        for (int m = 0; m < kColumns; ++m) s[d * kColumns + m] += key * row[2 * kHeadDim + m];
      }
    }
    // In a chunk's last frame every weight is the state's: its output is q . S / q . z.
    const float* query = inputs.data() + (kChunk - 1) * 3 * kHeadDim;
    double want_den = 0.0;
    for (int d = 0; d < kHeadDim; ++d) want_den += query[d] * z[d];
    const double got_den = den[kChunk - 1];
    ASSERT_TRUE(std::isfinite(got_den)) << first;
    worst = std::max(worst, std::abs(got_den / want_den - 1.0));
    for (int m = 0; m < kColumns; ++m) {
      double want = 0.0;
      for (int d = 0; d < kHeadDim; ++d) want += query[d] * s[d * kColumns + m];
      const double got = num[(kChunk - 1) * kHeadDim + m];
      worst = std::max(worst, std::abs(got - want) / want_den);
    }
  }
  EXPECT_LT(worst, decays ? 1e-5 : 1e-4);
  if (decays) {
    for (float x : state) EXPECT_LT(std::abs(x), 1e4f);
  }
  RecordProperty("worst_relative_error", std::to_string(worst));
  std::printf("worst relative error over ten hours: %.2e\n", worst);
}

INSTANTIATE_TEST_SUITE_P(Decay, TenHoursTest, ::testing::Bool());

}  // namespace
}  // namespace rill::kernels
