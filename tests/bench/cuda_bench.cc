// rill-cuda-bench: the time of each kernel in kernels/cuda against its floor on the same device:
// the fewest bytes it must move over the bandwidth of a large copy, or its floating-point
// operations over the rate of a large matrix product of the same type, whichever takes longer.
// Prints one table. The sizes are those of the M encoder, with BFloat16 between matrix products.
//
//   rill-cuda-bench [streams [runs]]     default: 4096, and the median of 25 runs counts
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/cuda/attention_step.h"
#include "kernels/cuda/front_conv.h"
#include "kernels/cuda/glu_conv.h"
#include "kernels/cuda/linear.h"
#include "kernels/cuda/linear_attention.h"
#include "kernels/cuda/log_mel.h"
#include "kernels/cuda/log_softmax.h"
#include "kernels/cuda/rms_norm.h"
#include "kernels/cuda/silu.h"
#include "model/features/log_mel.h"
#include "tests/kernels/cuda/device_array.h"
#include "tests/kernels/cuda/device_plan.h"

namespace rill::kernels::cuda {
namespace {

constexpr int kHeads = 4, kWidth = 256, kInner = kHeads * 64, kFfnWidth = 1024, kTokens = 29;
constexpr int kBins = 80, kChannels = 32, kConvKernel = 15;
constexpr int64_t kHeadFloats = 64 * 64 + 64;

// `size` values drawn from a pool: enough to hide nothing.
template <typename T>
std::vector<T> Draw(int64_t size, float scale = 1.0f) {
  static const std::vector<float> pool = [] {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> values(100'003);
    for (float& value : values) value = normal(random);
    return values;
  }();
  std::vector<T> values(static_cast<size_t>(size));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = FromFloat<T>(scale * pool[i % pool.size()]);
  }
  return values;
}

#ifdef RILL_CUDA_ON_HOST
constexpr size_t kCacheBytes = 1 << 10;
#else
constexpr size_t kCacheBytes = 256 << 20;  // more than any GPU's
#endif

// The median time of a launch, in milliseconds. Before each, something else takes the caches, so
// that nothing is held against the memory's bandwidth that never went there; it also keeps the
// device busy until the whole launch is queued.
double MedianMs(int runs, const std::function<cudaError_t()>& launch) {
  static DeviceArray<char>* const elsewhere = new DeviceArray<char>(kCacheBytes);
  const int warm_up = runs / 5;
  cudaEvent_t begin, end;
  CheckCuda(cudaEventCreate(&begin));
  CheckCuda(cudaEventCreate(&end));
  std::vector<float> times;
  for (int run = -warm_up; run < runs; ++run) {
    CheckCuda(cudaMemsetAsync(elsewhere->data(), run, kCacheBytes, nullptr));
    CheckCuda(cudaEventRecord(begin, nullptr));
    CheckCuda(launch());
    CheckCuda(cudaEventRecord(end, nullptr));
    CheckCuda(cudaEventSynchronize(end));
    float ms = 0.0f;
    CheckCuda(cudaEventElapsedTime(&ms, begin, end));
    if (run >= 0) times.push_back(ms);
  }
  CheckCuda(cudaEventDestroy(begin));
  CheckCuda(cudaEventDestroy(end));
  std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
  return times[runs / 2];
}

template <typename X, typename Y = X>
std::unique_ptr<Linear<X, Y>> MakeLinear(int64_t rows, int64_t inputs, int64_t outputs) {
  const auto library = OpenLinearLibrary();
  if (!library.ok()) throw std::runtime_error(std::string(library.status().message()));
  LinearSpec spec;
  spec.outputs = outputs;
  spec.inputs = inputs;
  spec.weight = Draw<float>(inputs * outputs);
  spec.least_rows = spec.most_rows = rows;
  auto linear = Linear<X, Y>::Create(*library, spec);
  if (!linear.ok()) throw std::runtime_error(std::string(linear.status().message()));
  return *std::move(linear);
}

// What a kernel cannot do without.
struct Needs {
  int64_t bytes;
  int64_t flops;
  bool is_float = false;  // else BFloat16
};

class Bench {
 public:
  Bench(int64_t streams, int runs) : streams_(streams), runs_(runs) {
    const int64_t bytes = streams * kHeads * kHeadFloats * 4;
    DeviceArray<char> from(static_cast<size_t>(bytes)), to(static_cast<size_t>(bytes));
    const double ms = MedianMs(runs, [&] {
      return cudaMemcpy(to.data(), from.data(), static_cast<size_t>(bytes),
                        cudaMemcpyDeviceToDevice);
    });
    bytes_per_ms_ = 2.0 * static_cast<double>(bytes) / ms;
    flops_per_ms_ = MatrixRate<BFloat16>();
    float_flops_per_ms_ = MatrixRate<float>();
    std::printf(
        "Copy bandwidth: %.0f GB/s (%.0f MB read and written). Matrix rate: %.1f TFLOP/s in "
        "BFloat16, %.1f in float\n\n",
        bytes_per_ms_ / 1e6, static_cast<double>(bytes) / 1e6, flops_per_ms_ / 1e9,
        float_flops_per_ms_ / 1e9);
    std::printf("| kernel | launch | MB | GFLOP | floor, ms | time, ms | of the floor |\n");
    std::printf("|---|---|---|---|---|---|---|\n");
  }

  void Steps() {
    for (const int frames : {1, 4, 8, 16}) {
      BeginStep(frames);
      StepAttention(frames);
      StepConvolution(frames);
    }
    BeginStep(4);
    StepFront(4);
    const int64_t n = streams_ * 4;
    Product("queries to gates", n, kWidth, 4 * kInner);
    Product("feed-forward, up", n, kWidth, kFfnWidth);
    Product("feed-forward, down", n, kFfnWidth, kWidth);
    Product("second convolution", n * ConvBins(ConvBins(kBins)), 9 * kChannels, kChannels);
    DeviceArray<float> x(Draw<float>(n * kWidth)), weight(Draw<float>(kWidth));
    DeviceArray<BFloat16> branch(Draw<BFloat16>(n * kWidth)), y(static_cast<size_t>(n * kWidth));
    Report("RmsNormForward", Count(n, "frames"), {n * kWidth * 12, n * kWidth * 6}, [&] {
      return RmsNormForward<BFloat16>({n, kWidth}, x.data(), branch.data(), 1e-3f, weight.data(),
                                      false, x.data(), y.data(), nullptr);
    });
    DeviceArray<BFloat16> hidden(Draw<BFloat16>(n * kFfnWidth));
    Report("SiluForward", Count(n, "frames"), {n * kFfnWidth * 4, n * kFfnWidth * 4},
           [&] { return SiluForward(n * kFfnWidth, hidden.data(), hidden.data(), nullptr); });
    DeviceArray<float> logits(Draw<float>(n * kTokens)), best(static_cast<size_t>(n));
    DeviceArray<int32_t> tokens(static_cast<size_t>(n));
    Report("LogSoftmax", Count(n, "frames, best token"), {n * (kTokens * 4 + 8), n * kTokens * 5},
           [&] {
             return LogSoftmax(n, kTokens, kTokens, logits.data(), nullptr,
                               {1, tokens.data(), best.data()}, nullptr);
           });
  }

  // 40 ms of every stream.
  void Features() {
    constexpr int64_t kFrameFlops = 16000;  // nearly all of them the FFT's
    const auto plan = GetFbankPlan(LogMelOptions());
    const DevicePlan device_plan(*plan);
    const int64_t n = 4 * streams_, stream_samples = plan->window + 3 * plan->shift;
    std::vector<int64_t> first;
    for (int64_t i = 0; i < n; ++i) first.push_back(i / 4 * stream_samples + i % 4 * plan->shift);
    DeviceArray<float> samples(Draw<float>(streams_ * stream_samples, 0.1f));
    DeviceArray<float> features(static_cast<size_t>(n * kBins));
    DeviceArray<int64_t> starts(first);
    const Needs needs = {streams_ * stream_samples * 4 + n * (kBins * 4 + 8), n * kFrameFlops,
                         /*is_float=*/true};
    Report("LogMel", Count(n, "feature frames"), needs, [&] {
      return LogMel(device_plan.view(), n, samples.data(), starts.data(), features.data(), nullptr);
    });
  }

  template <typename T>
  void Parallel(int64_t frames) {
    const AttentionShape shape = {1, 16, frames};
    const int64_t rows = shape.batch * shape.heads * frames, n = rows * 64;
    std::vector<T> positive = Draw<T>(n);
    for (T& value : positive) value = FromFloat<T>(std::abs(ToFloat(value)));
    DeviceArray<T> q(positive), k(positive), v(Draw<T>(n)), num(static_cast<size_t>(n));
    DeviceArray<T> d_q(static_cast<size_t>(n)), d_k(static_cast<size_t>(n)), d_v(d_q.Get());
    DeviceArray<float> den(static_cast<size_t>(rows)), d_den(Draw<float>(rows));
    DeviceArray<char> scratch(LinearAttentionScratchBytes(shape, true, false));
    const AttentionInputs<T> in = {q.data(), k.data(), v.data()};
    const std::string what =
        Count(frames, "frames, 16 heads, ") + std::to_string(8 * sizeof(T)) + " bits";
    const int64_t size = static_cast<int64_t>(sizeof(T));
    constexpr bool kIsFloat = std::is_same_v<T, float>;
    constexpr int64_t kTileFlops = 2 * 64 * 64;  // of a product of 64 x 64 tiles, a row
    const Needs forward = {n * 4 * size + rows * 4, rows * 4 * kTileFlops, kIsFloat};
    Report("LinearAttentionForward", what, forward, [&] {
      return LinearAttentionForward<T>(shape, in, num.data(), den.data(), scratch.data(), nullptr);
    });
    const Needs backward = {n * 7 * size + rows * 4, rows * 10 * kTileFlops, kIsFloat};
    Report("LinearAttentionBackward", what, backward, [&] {
      return LinearAttentionBackward<T>(shape, in, num.data(), d_den.data(),
                                        {d_q.data(), d_k.data(), d_v.data()}, scratch.data(),
                                        nullptr);
    });
  }

 private:
  static std::string Count(int64_t n, const std::string& what) {
    return std::to_string(n) + " " + what;
  }

  // Operations a millisecond.
  template <typename T>
  double MatrixRate() const {
    const int64_t side = std::min<int64_t>(streams_, 4096);
    DeviceArray<T> x(Draw<T>(side * side)), y(static_cast<size_t>(side * side));
    const auto linear = MakeLinear<T>(side, side, side);
    const double ms = MedianMs(runs_, [&] {
      return linear->Run(side, x.data(), y.data(), nullptr).ok() ? cudaSuccess
                                                                 : cudaErrorInvalidValue;
    });
    return 2.0 * static_cast<double>(side * side * side) / ms;
  }

  void Product(const char* what, int64_t rows, int64_t inputs, int64_t outputs) {
    DeviceArray<BFloat16> x(Draw<BFloat16>(rows * inputs)), y(static_cast<size_t>(rows * outputs));
    const auto linear = MakeLinear<BFloat16>(rows, inputs, outputs);
    const std::string launch = std::string(what) + ", " + std::to_string(rows) + " x " +
                               std::to_string(inputs) + " x " + std::to_string(outputs);
    const Needs needs = {2 * (rows * (inputs + outputs) + inputs * outputs),
                         2 * rows * inputs * outputs};
    Report("Linear (cuBLASLt)", launch, needs, [&] {
      return linear->Run(rows, x.data(), y.data(), nullptr).ok() ? cudaSuccess
                                                                 : cudaErrorInvalidValue;
    });
  }

  void Report(const char* kernel, const std::string& launch, const Needs& needs,
              const std::function<cudaError_t()>& run) {
    const double bytes = static_cast<double>(needs.bytes);
    const double flops = static_cast<double>(needs.flops);
    const double rate = needs.is_float ? float_flops_per_ms_ : flops_per_ms_;
    const double floor = std::max(bytes / bytes_per_ms_, flops / rate);
    const double ms = MedianMs(runs_, run);
    std::printf("| %s | %s | %.2f | %.3f | %.4f | %.4f | %.0f %% |\n", kernel, launch.c_str(),
                bytes / 1e6, flops / 1e9, floor, ms, 100.0 * floor / ms);
    std::fflush(stdout);
  }

  // A step of `frames` frames of every stream; slots in no order.
  void BeginStep(int frames) {
    slots_.resize(streams_), starts_.resize(streams_ + 1), chunks_.assign(streams_, frames);
    std::iota(slots_.begin(), slots_.end(), 0);
    std::shuffle(slots_.begin(), slots_.end(), std::mt19937(2));
    for (int64_t row = 0; row <= streams_; ++row) {
      starts_[row] = static_cast<int32_t>(row * frames);
    }
  }

  std::string Step(int frames) const {
    return Count(streams_, "streams x ") + std::to_string(frames) + " frames";
  }

  void StepAttention(int frames) {
    const int64_t n = streams_ * frames;
    DeviceArray<int32_t> slots(slots_), starts(starts_), chunks(chunks_);
    DeviceArray<float> arena(Draw<float>(streams_ * kHeads * kHeadFloats, 1e-3f));
    DeviceArray<BFloat16> qkvg(Draw<BFloat16>(n * 4 * kInner)), y(Draw<BFloat16>(n * kWidth));
    DeviceArray<BFloat16> out(static_cast<size_t>(n * kInner));
    DeviceArray<float> scale(Draw<float>(kInner)), decay(Draw<float>(kHeads * kWidth));
    DeviceArray<float> bias(std::vector<float>(kHeads, 3.0f));
    AttentionStepArgs<BFloat16> args = {};
    args.rows = {static_cast<int32_t>(streams_), slots.data(), starts.data()};
    args.chunks = chunks.data();
    args.heads = kHeads;
    args.qkvg = qkvg.data();
    args.frame_stride = 4 * kInner;
    args.q_scale = args.k_scale = args.merge_weight = scale.data();
    args.y = y.data();
    args.width = kWidth;
    args.decay_weight = decay.data();
    args.decay_bias = bias.data();
    args.min_forget = 1.0f / 1500;
    args.state = {arena.data(), kHeads * kHeadFloats};
    args.out = out.data();
    const int64_t bytes =
        2 * 4 * streams_ * kHeads * kHeadFloats + n * 2 * (4 * kInner + kWidth + kInner);
    const int64_t flops = n * kHeads * (4 * 64 * 64 + 4 * frames * 64) + n * kHeads * 2 * kWidth;
    Report("AttentionStep", Step(frames), {bytes, flops},
           [&] { return AttentionStep(args, nullptr); });
  }

  void StepConvolution(int frames) {
    const int64_t n = streams_ * frames, tail_floats = (kConvKernel - 1) * kWidth;
    DeviceArray<int32_t> slots(slots_), starts(starts_);
    DeviceArray<float> tails(Draw<float>(streams_ * tail_floats));
    DeviceArray<float> taps(Draw<float>(kConvKernel * kWidth)), y(static_cast<size_t>(n * kWidth));
    DeviceArray<BFloat16> x(Draw<BFloat16>(n * 2 * kWidth));
    const StepRows rows = {static_cast<int32_t>(streams_), slots.data(), starts.data()};
    const Needs needs = {2 * 4 * streams_ * tail_floats + n * kWidth * 8,
                         n * kWidth * (2 * kConvKernel + 4)};
    Report("GluConvStep", Step(frames), needs, [&] {
      return GluConvStep(rows, kWidth, kConvKernel, x.data(), taps.data(),
                         {tails.data(), tail_floats}, y.data(), nullptr);
    });
  }

  void StepFront(int frames) {
    const int64_t n = streams_ * frames;
    const int64_t tail1 = 84, tail2 = PaddedBins(ConvBins(kBins)) * kChannels;
    const int64_t patch = ConvBins(ConvBins(kBins)) * 9 * kChannels;
    DeviceArray<int32_t> slots(slots_), starts(starts_);
    DeviceArray<float> features(Draw<float>(4 * n * kBins)), bins(Draw<float>(kBins));
    DeviceArray<float> weight(Draw<float>(9 * kChannels)),
        tails(Draw<float>(streams_ * (tail1 + tail2)));
    DeviceArray<BFloat16> patches(static_cast<size_t>(n * patch));
    const StepRows rows = {static_cast<int32_t>(streams_), slots.data(), starts.data()};
    const FrontWeights weights = {kBins,       kChannels,     bins.data(),
                                  bins.data(), weight.data(), weight.data()};
    const int64_t bytes =
        2 * 4 * streams_ * (PaddedBins(kBins) + tail2) + n * (16 * kBins + 2 * patch);
    const int64_t flops = 2 * n * ConvBins(kBins) * 2 * 9 * kChannels;
    Report("FrontPatches", Step(frames), {bytes, flops}, [&] {
      return FrontPatches(rows, weights, features.data(), {tails.data(), tail1 + tail2},
                          {tails.data() + tail1, tail1 + tail2}, patches.data(), nullptr);
    });
  }

  const int64_t streams_;
  const int runs_;
  double bytes_per_ms_, flops_per_ms_, float_flops_per_ms_;
  std::vector<int32_t> slots_, starts_, chunks_;
};

int Run(int64_t streams, int runs) {
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  if (error != cudaSuccess || devices == 0) {
    std::fprintf(stderr, "rill-cuda-bench: no CUDA device: %s\n", cudaGetErrorString(error));
    return 1;
  }
  Bench bench(streams, runs);
  bench.Steps();
  bench.Features();
  const int64_t longest = std::min<int64_t>(65536, 16 * streams);
  for (int64_t frames = std::min<int64_t>(512, longest); frames <= longest; frames *= 2) {
    bench.Parallel<BFloat16>(frames);
    bench.Parallel<float>(frames);
  }
  return 0;
}

}  // namespace
}  // namespace rill::kernels::cuda

int main(int argc, char** argv) {
  const int64_t streams = argc > 1 ? std::atoll(argv[1]) : 4096;
  const int runs = argc > 2 ? std::atoi(argv[2]) : 25;
  if (argc > 3 || streams < 1 || streams > 1'000'000 || runs < 1) {
    std::fprintf(stderr, "usage: rill-cuda-bench [streams [runs]]\n");
    return 2;
  }
  try {
    return rill::kernels::cuda::Run(streams, runs);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "rill-cuda-bench: %s\n", failure.what());
    return 1;
  }
}
