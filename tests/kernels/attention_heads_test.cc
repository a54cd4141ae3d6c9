#include "kernels/cpu/attention_heads.h"

#include "kernels/cpu/rms_norm.h"
#include "tests/kernels/kernel_testing.h"

namespace rill::kernels {
namespace {

double Phi(double x) { return x > 0 ? x + 1.0 : std::exp(x); }
double PhiSlope(double x) { return x > 0 ? 1.0 : std::exp(x); }

constexpr AttentionShape kShapes[] = {{1, 1, 1}, {2, 3, 5}, {1, 4, 7}, {3, 2, 2}};

int64_t Rows(const AttentionShape& s) { return s.batch * s.heads * s.frames; }
int64_t HeadRow(const AttentionShape& s, int64_t b, int64_t h, int64_t t) {
  return (b * s.heads + h) * s.frames + t;
}
// Index of the first of the 64 elements of a part: 0 query, 1 key, 2 value, 3 gate.
int64_t PartAt(const AttentionShape& s, int64_t b, int64_t t, int part, int64_t h) {
  return (((b * s.frames + t) * 4 + part) * s.heads + h) * kHeadDim;
}

template <typename Visit>
void ForEachHead(const AttentionShape& s, Visit visit) {
  for (int64_t b = 0; b < s.batch; ++b) {
    for (int64_t t = 0; t < s.frames; ++t) {
      for (int64_t h = 0; h < s.heads; ++h) visit(b, t, h);
    }
  }
}

template <typename T>
class AttentionHeadsTest : public ::testing::Test {};
TYPED_TEST_SUITE(AttentionHeadsTest, ElementTypes);

TYPED_TEST(AttentionHeadsTest, SplitAgreesWithTheReference) {
  using T = TypeParam;
  std::mt19937 random(1);
  for (const AttentionShape& shape : kShapes) {
    for (const bool normed : {true, false}) {
      SCOPED_TRACE(::testing::Message() << shape.batch << "," << shape.heads << "," << shape.frames
                                        << " normed " << normed);
      const int64_t rows = Rows(shape), n = rows * kHeadDim, width = shape.heads * kHeadDim;
      const auto qkvg = RandomArray<T>(4 * n, random, 2.0);
      const auto d_q = RandomArray<T>(n, random), d_k = RandomArray<T>(n, random);
      const auto d_v = RandomArray<T>(n, random);
      const auto q_scale = RandomArray<float>(width, random);
      const auto k_scale = RandomArray<float>(width, random);
      std::vector<T> q(n), k(n), v(n), d_qkvg(4 * n, FromFloat<T>(9.0f));
      std::vector<float> inv_rms(2 * rows), d_q_scale(width, 2.0f), d_k_scale(width, 3.0f);
      SplitHeadsForward<T>(shape, qkvg.data(), normed ? q_scale.data() : nullptr,
                           normed ? k_scale.data() : nullptr, q.data(), k.data(), v.data(),
                           normed ? inv_rms.data() : nullptr);
      SplitHeadsBackward<T>(
          shape, d_q.data(), d_k.data(), d_v.data(), qkvg.data(), normed ? q_scale.data() : nullptr,
          normed ? k_scale.data() : nullptr, normed ? inv_rms.data() : nullptr, d_qkvg.data(),
          normed ? d_q_scale.data() : nullptr, normed ? d_k_scale.data() : nullptr);

      Doubles out[3], d_in(4 * n, 9.0), d_scale[2] = {Doubles(width, 2.0), Doubles(width, 3.0)};
      for (Doubles& o : out) o.resize(n);
      ForEachHead(shape, [&](int64_t b, int64_t t, int64_t h) {
        const int64_t at = HeadRow(shape, b, h, t) * kHeadDim;
        for (int part = 0; part < 2; ++part) {
          const int64_t in = PartAt(shape, b, t, part, h);
          const auto& scale = part == 0 ? q_scale : k_scale;
          const auto& d_out = part == 0 ? d_q : d_k;
          double squares = 0.0;
          for (int i = 0; i < kHeadDim; ++i) squares += std::pow(ToFloat(qkvg[in + i]), 2);
          const double inv = normed ? 1.0 / std::sqrt(squares / kHeadDim + kNormEpsilon) : 1.0;
          double d_n[kHeadDim], dot = 0.0;
          for (int i = 0; i < kHeadDim; ++i) {
            const double x = ToFloat(qkvg[in + i]), w = normed ? scale[h * kHeadDim + i] : 1.0;
            out[part][at + i] = Phi(x * inv * w);
            const double d = ToFloat(d_out[at + i]) * PhiSlope(x * inv * w);
            if (normed) d_scale[part][h * kHeadDim + i] += d * x * inv;
            d_n[i] = d * w;
            dot += d_n[i] * x;
          }
          for (int i = 0; i < kHeadDim; ++i) {
            d_in[in + i] = d_n[i] * inv;
            if (normed) d_in[in + i] -= ToFloat(qkvg[in + i]) * dot * std::pow(inv, 3) / kHeadDim;
          }
        }
        for (int i = 0; i < kHeadDim; ++i) {
          out[2][at + i] = ToFloat(qkvg[PartAt(shape, b, t, 2, h) + i]);
          d_in[PartAt(shape, b, t, 2, h) + i] = ToFloat(d_v[at + i]);
        }
      });
      ExpectNear(q, out[0], 1e-3);
      ExpectNear(k, out[1], 1e-3);
      ExpectNear(v, out[2], 0.0);
      ExpectNear(d_qkvg, d_in);  // the gate's part is left as it was
      ExpectNear(d_q_scale, d_scale[0]);
      ExpectNear(d_k_scale, d_scale[1]);
    }
  }
}

TYPED_TEST(AttentionHeadsTest, MergeAgreesWithTheReference) {
  using T = TypeParam;
  std::mt19937 random(2);
  std::uniform_real_distribution<float> positive(0.3f, 4.0f);
  for (const AttentionShape& shape : kShapes) {
    SCOPED_TRACE(::testing::Message() << shape.batch << "," << shape.heads << "," << shape.frames);
    const int64_t rows = Rows(shape), n = rows * kHeadDim, width = shape.heads * kHeadDim;
    const auto num = RandomArray<T>(n, random, 2.0), qkvg = RandomArray<T>(4 * n, random, 2.0);
    const auto d_y = RandomArray<T>(n, random);
    const auto weight = RandomArray<float>(width, random);
    std::vector<float> den(rows), inv_rms(shape.batch * shape.frames), d_den(rows);
    std::vector<float> d_weight(width, 2.0f);
    for (float& d : den) d = positive(random);
    std::vector<T> y(n), y_again(n), d_num(n), d_qkvg(4 * n, FromFloat<T>(9.0f));
    MergeHeadsForward<T>(shape, num.data(), den.data(), qkvg.data(), weight.data(), y.data(),
                         inv_rms.data());
    MergeHeadsForward<T>(shape, num.data(), den.data(), qkvg.data(), weight.data(), y_again.data(),
                         nullptr);
    EXPECT_EQ(ToFloats(y), ToFloats(y_again));
    MergeHeadsBackward<T>(shape, d_y.data(), num.data(), den.data(), qkvg.data(), weight.data(),
                          inv_rms.data(), d_num.data(), d_den.data(), d_qkvg.data(),
                          d_weight.data());

    Doubles y_ref(n), d_num_ref(n), d_den_ref(rows), d_qkvg_ref(4 * n, 9.0);
    Doubles d_weight_ref(width, 2.0), squares(shape.batch * shape.frames), dot(squares.size());
    const auto o = [&](int64_t row, int i) {
      return ToFloat(num[row * kHeadDim + i]) / (den[row] + double{kDenominatorEpsilon});
    };
    const auto inv = [&](int64_t frame) {
      return 1.0 / std::sqrt(squares[frame] / width + kNormEpsilon);
    };
    ForEachHead(shape, [&](int64_t b, int64_t t, int64_t h) {
      for (int i = 0; i < kHeadDim; ++i) {
        squares[b * shape.frames + t] += std::pow(o(HeadRow(shape, b, h, t), i), 2);
      }
    });
    // The gradient of the normalised value, before and after the norm's backward.
    const auto d_n = [&](int64_t frame, int64_t gate, int64_t c) {
      return ToFloat(d_y[frame * width + c]) * weight[c] * Silu(ToFloat(qkvg[gate]));
    };
    ForEachHead(shape, [&](int64_t b, int64_t t, int64_t h) {
      const int64_t row = HeadRow(shape, b, h, t), frame = b * shape.frames + t;
      for (int i = 0; i < kHeadDim; ++i) {
        const int64_t c = h * kHeadDim + i, gate_at = PartAt(shape, b, t, 3, h) + i;
        const double gate = ToFloat(qkvg[gate_at]), n_c = o(row, i) * inv(frame);
        const double d = ToFloat(d_y[frame * width + c]);
        y_ref[frame * width + c] = n_c * weight[c] * Silu(gate);
        d_qkvg_ref[gate_at] = d * n_c * weight[c] * SiluSlope(gate);
        d_weight_ref[c] += d * n_c * Silu(gate);
        dot[frame] += d_n(frame, gate_at, c) * n_c;
      }
    });
    ForEachHead(shape, [&](int64_t b, int64_t t, int64_t h) {
      const int64_t row = HeadRow(shape, b, h, t), frame = b * shape.frames + t;
      const double r = 1.0 / (den[row] + double{kDenominatorEpsilon});
      for (int i = 0; i < kHeadDim; ++i) {
        const int64_t gate_at = PartAt(shape, b, t, 3, h) + i;
        const double n_c = o(row, i) * inv(frame);
        const double d_o =
            inv(frame) * (d_n(frame, gate_at, h * kHeadDim + i) - n_c * dot[frame] / width);
        d_num_ref[row * kHeadDim + i] = d_o * r;
        d_den_ref[row] -= d_o * o(row, i) * r;
      }
    });
    ExpectNear(y, y_ref);
    ExpectNear(d_num, d_num_ref);
    ExpectNear(d_den, d_den_ref, 10.0, 1e-5);  // a difference of sums of about that size
    ExpectNear(d_qkvg, d_qkvg_ref);            // only the gate's part is written
    ExpectNear(d_weight, d_weight_ref);
  }
}

}  // namespace
}  // namespace rill::kernels
