#include "kernels/cuda/linear_attention.h"

#include <cmath>

#include "tests/kernels/cuda/cuda_testing.h"

namespace rill::kernels::cuda {
namespace {

enum class Decay { kNone, kMild, kStrong };

struct Options {
  AttentionShape shape = {1, 1, 1};
  int chunk = 0;  // 0: no chunk_end; -1: irregular; else frames
  Decay decay = Decay::kMild;
  bool sink = true;
};

// A device array, or a null pointer where there are no values.
template <typename T>
class OptionalArray {
 public:
  explicit OptionalArray(const std::vector<T>& values) : array_(values), null_(values.empty()) {}
  T* data() { return null_ ? nullptr : array_.data(); }
  std::vector<T> Get() const { return array_.Get(); }

 private:
  DeviceArray<T> array_;
  bool null_;
};

template <typename T>
const T* OrNull(const std::vector<T>& values) {
  return values.empty() ? nullptr : values.data();
}
template <typename T>
T* OrNull(std::vector<T>& values) {
  return values.empty() ? nullptr : values.data();
}

template <typename T>
struct Results {
  std::vector<T> num, d_q, d_k, d_v;
  std::vector<float> den, d_log_decay, d_z0;
};

// The inputs of both passes.
template <typename T>
struct Problem {
  Problem(const Options& options, std::mt19937& random) : shape(options.shape) {
    const int64_t rows = shape.batch * shape.heads * shape.frames;
    const auto positive = [&](int64_t n) {
      std::vector<T> values = RandomArray<T>(n, random);
      for (T& value : values) {
        const float x = ToFloat(value);
        value = FromFloat<T>(x > 0 ? x + 1 : std::exp(x));
      }
      return values;
    };
    q = positive(rows * kHeadDim), k = positive(rows * kHeadDim);
    v = RandomArray<T>(rows * kHeadDim, random);
    d_num = RandomArray<T>(rows * kHeadDim, random), d_den = RandomArray<float>(rows, random);
    if (options.decay != Decay::kNone) {
      std::uniform_real_distribution<float> uniform;
      log_decay.resize(rows);
      for (float& x : log_decay) {
        x = -0.1f * uniform(random);
        if (options.decay == Decay::kStrong && uniform(random) < 0.2f) x = -INFINITY;
      }
    }
    if (options.sink) {
      for (const T x : positive(shape.heads * kHeadDim)) z0.push_back(ToFloat(x));
    }
    if (options.chunk == 0) return;
    for (int64_t b = 0; b < shape.batch; ++b) {
      for (int64_t t = 0; t < shape.frames;) {
        std::uniform_int_distribution<int64_t> any(1, t % 3 == 0 ? 150 : 9);
        const int64_t end =
            std::min(shape.frames, t + (options.chunk > 0 ? options.chunk : any(random)));
        for (; t < end; ++t) chunk_end.push_back(static_cast<int32_t>(end));
      }
    }
  }

  Results<T> RunTwin() const {
    Results<T> r = Room();
    const AttentionInputs<T> in = {q.data(),          k.data(),          v.data(),
                                   OrNull(log_decay), OrNull(chunk_end), OrNull(z0)};
    kernels::LinearAttentionForward<T>(shape, in, r.num.data(), r.den.data());
    kernels::LinearAttentionBackward<T>(
        shape, in, d_num.data(), d_den.data(),
        {r.d_q.data(), r.d_k.data(), r.d_v.data(), OrNull(r.d_log_decay), OrNull(r.d_z0)});
    return r;
  }

  Results<T> RunKernels() const {
    const Results<T> room = Room();
    OptionalArray<T> device_q(q), device_k(k), device_v(v), device_d_num(d_num);
    OptionalArray<float> device_d_den(d_den), device_log_decay(log_decay), device_z0(z0);
    OptionalArray<int32_t> device_chunk_end(chunk_end);
    DeviceArray<T> num(q.size()), d_q(q.size()), d_k(q.size()), d_v(q.size());
    DeviceArray<float> den(d_den.size());
    OptionalArray<float> d_log_decay(room.d_log_decay), d_z0(room.d_z0);
    const AttentionInputs<T> in = {device_q.data(),         device_k.data(),
                                   device_v.data(),         device_log_decay.data(),
                                   device_chunk_end.data(), device_z0.data()};
    const bool has_chunks = !chunk_end.empty();
    DeviceArray<char> forward(LinearAttentionScratchBytes(shape, false, has_chunks));
    DeviceArray<char> backward(LinearAttentionScratchBytes(shape, true, has_chunks));
    CheckCuda(cuda::LinearAttentionForward<T>(shape, in, num.data(), den.data(), forward.data(),
                                              nullptr));
    CheckCuda(cuda::LinearAttentionBackward<T>(
        shape, in, device_d_num.data(), device_d_den.data(),
        {d_q.data(), d_k.data(), d_v.data(), d_log_decay.data(), d_z0.data()}, backward.data(),
        nullptr));
    return {num.Get(), d_q.Get(), d_k.Get(), d_v.Get(), den.Get(), d_log_decay.Get(), d_z0.Get()};
  }

  Results<T> Room() const {
    return {std::vector<T>(q.size()),           std::vector<T>(q.size()),
            std::vector<T>(q.size()),           std::vector<T>(q.size()),
            std::vector<float>(d_den.size()),   std::vector<float>(log_decay.size()),
            std::vector<float>(z0.size(), 1.0f)};
  }

  AttentionShape shape;
  std::vector<T> q, k, v, d_num;
  std::vector<float> d_den, log_decay, z0;
  std::vector<int32_t> chunk_end;
};

// Each element is within `relative` of the twin's, in units of the largest of its row of `row`
// numbers, or of a twentieth of the largest of all: a row's few terms may cancel.
template <typename T>
void ExpectRowsNear(const char* name, const std::vector<T>& got, const std::vector<T>& want,
                    size_t row, double relative) {
  ASSERT_EQ(got.size(), want.size());
  double largest = 0.0;
  for (const T& x : want) largest = std::max<double>(largest, std::abs(ToFloat(x)));
  for (size_t begin = 0; begin < want.size(); begin += row) {
    double scale = 0.05 * largest;
    for (size_t i = begin; i < begin + row; ++i) {
      scale = std::max<double>(scale, std::abs(ToFloat(want[i])));
    }
    for (size_t i = begin; i < begin + row; ++i) {
      ASSERT_NEAR(ToFloat(got[i]), ToFloat(want[i]), relative * scale) << name << " " << i;
    }
  }
}

class CudaLinearAttentionTest : public CudaTest {
 protected:
  template <typename T>
  void ExpectTwinsAgree(const Options& options) {
    const AttentionShape& s = options.shape;
    SCOPED_TRACE(::testing::Message()
                 << s.batch << " x " << s.heads << " x " << s.frames << ", chunk " << options.chunk
                 << ", decay " << static_cast<int>(options.decay) << ", sink " << options.sink);
    const Problem<T> problem(options, random);
    const Results<T> want = problem.RunTwin(), got = problem.RunKernels();
    const double relative = sizeof(T) == 2 ? 1.0 / 128 : 2e-5;  // two roundings
    ExpectRowsNear("num", got.num, want.num, kHeadDim, relative);
    ExpectRowsNear("den", got.den, want.den, 1, 2e-5);
    ExpectRowsNear("d_q", got.d_q, want.d_q, kHeadDim, relative);
    ExpectRowsNear("d_k", got.d_k, want.d_k, kHeadDim, relative);
    ExpectRowsNear("d_v", got.d_v, want.d_v, kHeadDim, relative);
    if (!want.d_log_decay.empty()) {
      ExpectRowsNear("d_log_decay", got.d_log_decay, want.d_log_decay,
                     static_cast<size_t>(s.frames), 2e-5);
    }
    ExpectRowsNear("d_z0", got.d_z0, want.d_z0, kHeadDim, 2e-5);
  }
};

TEST_F(CudaLinearAttentionTest, EqualsTheTwinAtEveryLength) {
  for (const int64_t frames : {1, 2, 15, 63, 64, 65, 128, 130}) {
    ExpectTwinsAgree<float>({.shape = {1, 1, frames}, .chunk = 0});
    ExpectTwinsAgree<float>({.shape = {1, 1, frames}, .chunk = 8, .sink = false});
    ExpectTwinsAgree<float>({.shape = {1, 1, frames}, .chunk = 1000});
  }
}

TEST_F(CudaLinearAttentionTest, EqualsTheTwinForEveryChunk) {
  for (const int chunk : {1, 3, 48, 64, 100, -1}) {
    for (const Decay decay : {Decay::kNone, Decay::kMild, Decay::kStrong}) {
      ExpectTwinsAgree<float>({.shape = {1, 1, 150}, .chunk = chunk, .decay = decay});
    }
  }
}

TEST_F(CudaLinearAttentionTest, EqualsTheTwinInBatches) {
  ExpectTwinsAgree<float>({.shape = {3, 2, 100}, .chunk = -1});
  ExpectTwinsAgree<float>({.shape = {2, 3, 70}, .chunk = 0, .decay = Decay::kNone});
}

TEST_F(CudaLinearAttentionTest, EqualsTheTwinInBFloat16) {
  ExpectTwinsAgree<BFloat16>({.shape = {2, 2, 77}, .chunk = -1});
  ExpectTwinsAgree<BFloat16>({.shape = {1, 1, 129}, .chunk = 0, .decay = Decay::kNone});
}

TEST_F(CudaLinearAttentionTest, NothingIsNoError) {
  ExpectTwinsAgree<float>({.shape = {0, 2, 10}, .chunk = 0, .sink = false});
  ExpectTwinsAgree<float>({.shape = {2, 1, 0}, .chunk = 0, .sink = false});
}

// What a sequence gives does not depend on the others, bit for bit.
TEST_F(CudaLinearAttentionTest, SequencesAreIndependent) {
  const Problem<float> both({.shape = {2, 1, 90}, .chunk = -1}, random);
  Problem<float> second = both;
  second.shape.batch = 1;
  const auto drop_first = [](auto& values) {
    values.erase(values.begin(), values.begin() + static_cast<int64_t>(values.size() / 2));
  };
  for (auto* x : {&second.q, &second.k, &second.v, &second.d_num}) drop_first(*x);
  for (auto* x : {&second.d_den, &second.log_decay}) drop_first(*x);
  drop_first(second.chunk_end);
  Results<float> of_both = both.RunKernels();
  const Results<float> alone = second.RunKernels();
  for (auto* x : {&of_both.num, &of_both.den, &of_both.d_q, &of_both.d_k, &of_both.d_v,
                  &of_both.d_log_decay}) {
    drop_first(*x);
  }
  EXPECT_EQ(of_both.num, alone.num);
  EXPECT_EQ(of_both.den, alone.den);
  EXPECT_EQ(of_both.d_q, alone.d_q);
  EXPECT_EQ(of_both.d_k, alone.d_k);
  EXPECT_EQ(of_both.d_v, alone.d_v);
  EXPECT_EQ(of_both.d_log_decay, alone.d_log_decay);
}

}  // namespace
}  // namespace rill::kernels::cuda
