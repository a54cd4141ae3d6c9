// Stands in for kernels/cuda/linear.cc, which needs cuBLASLt: the same layers as plain loops.
#include <algorithm>
#include <utility>

#include "kernels/cuda/device_memory.h"
#include "kernels/cuda/linear.h"

namespace rill::kernels::cuda {

class LinearLibrary {};

absl::StatusOr<std::shared_ptr<LinearLibrary>> OpenLinearLibrary() {
  return std::make_shared<LinearLibrary>();
}

template <typename X, typename Y>
class Linear<X, Y>::Impl {
 public:
  int64_t outputs, inputs, most_rows;
  bool relu;
  Buffer<X> weight;
  Buffer<Y> bias;

  void Run(int64_t rows, const X* x, Y* y) const {
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t o = 0; o < outputs; ++o) {
        float sum = 0.0f;
        for (int64_t i = 0; i < inputs; ++i) {
          sum += ToFloat(x[row * inputs + i]) * ToFloat(weight.data()[o * inputs + i]);
        }
        if (bias.size() > 0) sum += ToFloat(bias.data()[o]);
        y[row * outputs + o] = FromFloat<Y>(relu ? std::max(sum, 0.0f) : sum);
      }
    }
  }
};

template <typename X, typename Y>
Linear<X, Y>::Linear(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
template <typename X, typename Y>
Linear<X, Y>::~Linear() = default;

template <typename X, typename Y>
absl::StatusOr<std::unique_ptr<Linear<X, Y>>> Linear<X, Y>::Create(std::shared_ptr<LinearLibrary>,
                                                                   const LinearSpec& spec) {
  auto weight = Buffer<X>::Copy(RoundAll<X>(spec.weight));
  if (!weight.ok()) return weight.status();
  auto bias = Buffer<Y>::Copy(RoundAll<Y>(spec.bias));
  if (!bias.ok()) return bias.status();
  return std::unique_ptr<Linear>(
      new Linear(std::make_unique<Impl>(Impl{spec.outputs, spec.inputs, spec.most_rows, spec.relu,
                                             *std::move(weight), *std::move(bias)})));
}

template <typename X, typename Y>
absl::Status Linear<X, Y>::Run(int64_t rows, const X* x, Y* y, cudaStream_t stream) const {
  if (rows > impl_->most_rows) return absl::InternalError("more rows than were announced");
  cuda_on_host::Submit(stream, [this, rows, x, y] { impl_->Run(rows, x, y); });
  return absl::OkStatus();
}

template class Linear<float, float>;
template class Linear<BFloat16, BFloat16>;
template class Linear<BFloat16, float>;

}  // namespace rill::kernels::cuda
