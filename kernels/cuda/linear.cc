// Row-major [rows, columns] is column-major [columns, rows] to cuBLASLt: y^T = W x^T, where W is
// stored transposed and x^T is not.
#include "kernels/cuda/linear.h"

#include <cublasLt.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/cuda/device_memory.h"

namespace rill::kernels::cuda {
namespace {

absl::Status ToStatus(cublasStatus_t error, absl::string_view what) {
  if (error == CUBLAS_STATUS_SUCCESS) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("cuBLASLt, ", what, ": ", cublasLtGetStatusString(error)));
}

template <typename T>
constexpr cudaDataType_t kType = std::is_same_v<T, float> ? CUDA_R_32F : CUDA_R_16BF;

}  // namespace

class LinearLibrary {
 public:
  explicit LinearLibrary(cublasLtHandle_t handle) : handle_(handle) {}
  ~LinearLibrary() { cublasLtDestroy(handle_); }
  LinearLibrary(const LinearLibrary&) = delete;
  LinearLibrary& operator=(const LinearLibrary&) = delete;

  cublasLtHandle_t handle() const { return handle_; }

 private:
  const cublasLtHandle_t handle_;
};

absl::StatusOr<std::shared_ptr<LinearLibrary>> OpenLinearLibrary() {
  cublasLtHandle_t handle;
  if (absl::Status status = ToStatus(cublasLtCreate(&handle), "starting"); !status.ok()) {
    return status;
  }
  return std::make_shared<LinearLibrary>(handle);
}

template <typename X, typename Y>
class Linear<X, Y>::Impl {
 public:
  explicit Impl(std::shared_ptr<LinearLibrary> library) : library_(std::move(library)) {}

  absl::Status Load(const LinearSpec& spec) {
    outputs_ = spec.outputs;
    inputs_ = spec.inputs;
    auto weight = Buffer<X>::Copy(RoundAll<X>(spec.weight));
    if (!weight.ok()) return weight.status();
    weight_ = *std::move(weight);
    auto bias = Buffer<Y>::Copy(RoundAll<Y>(spec.bias));
    if (!bias.ok()) return bias.status();
    bias_ = *std::move(bias);
    if (absl::Status status = Describe(spec.relu); !status.ok()) return status;
    return Choose(spec.least_rows, spec.most_rows);
  }

  absl::Status Run(int64_t rows, const X* x, Y* y, cudaStream_t stream) const {
    if (rows == 0) return absl::OkStatus();
    Layouts layouts;
    if (absl::Status status = Describe(rows, &layouts); !status.ok()) return status;
    const float one = 1.0f, zero = 0.0f;
    return ToStatus(cublasLtMatmul(library_->handle(), &product_, &one, weight_.data(), &layouts.w,
                                   x, &layouts.x, &zero, y, &layouts.y, y, &layouts.y, &algorithm_,
                                   nullptr, 0, stream),
                    Name(rows));
  }

 private:
  struct Layouts {
    cublasLtMatrixLayoutOpaque_t w, x, y;
  };

  std::string Name(int64_t rows) const {
    return absl::StrCat("product of ", rows, " rows by ", outputs_, " x ", inputs_);
  }

  template <typename T>
  absl::Status Set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    return ToStatus(cublasLtMatmulDescSetAttribute(&product_, attribute, &value, sizeof value),
                    "describing a product");
  }

  absl::Status Describe(bool relu) {
    // Floats as they are, without TF32.
    absl::Status status = ToStatus(
        cublasLtMatmulDescInit(&product_, CUBLAS_COMPUTE_32F, CUDA_R_32F), "describing a product");
    if (status.ok()) status = Set(CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
    if (!status.ok() || bias_.size() == 0) return status;
    status = Set(CUBLASLT_MATMUL_DESC_EPILOGUE,
                 relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS);
    const void* const bias = bias_.data();
    if (status.ok()) status = Set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    if (status.ok()) status = Set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, kType<Y>);
    return status;
  }

  absl::Status Describe(int64_t rows, Layouts* layouts) const {
    for (const cublasStatus_t error :
         {cublasLtMatrixLayoutInit(&layouts->w, kType<X>, inputs_, outputs_, inputs_),
          cublasLtMatrixLayoutInit(&layouts->x, kType<X>, inputs_, rows, inputs_),
          cublasLtMatrixLayoutInit(&layouts->y, kType<Y>, outputs_, rows, outputs_)}) {
      if (error != CUBLAS_STATUS_SUCCESS) return ToStatus(error, "describing a matrix");
    }
    return absl::OkStatus();
  }

  // Of those that are fastest for most rows, the first that says of itself that it can do the
  // fewest, too; if none does, the fastest: a product that it cannot do is an error there and then.
  // Without a workspace and a reduction, no sum is cut in parts.
  absl::Status Choose(int64_t least_rows, int64_t most_rows) {
    Layouts least, most;
    for (const absl::Status& status : {Describe(least_rows, &least), Describe(most_rows, &most)}) {
      if (!status.ok()) return status;
    }
    cublasLtMatmulPreferenceOpaque_t preference;
    const uint64_t workspace = 0;
    const uint32_t reductions = CUBLASLT_REDUCTION_SCHEME_NONE;
    for (const cublasStatus_t error :
         {cublasLtMatmulPreferenceInit(&preference),
          cublasLtMatmulPreferenceSetAttribute(
              &preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace),
          cublasLtMatmulPreferenceSetAttribute(&preference,
                                               CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                                               &reductions, sizeof reductions)}) {
      if (error != CUBLAS_STATUS_SUCCESS) return ToStatus(error, "choosing an algorithm");
    }
    constexpr int kTried = 16;
    cublasLtMatmulHeuristicResult_t results[kTried];
    int found = 0;
    const cublasStatus_t error =
        cublasLtMatmulAlgoGetHeuristic(library_->handle(), &product_, &most.w, &most.x, &most.y,
                                       &most.y, &preference, kTried, results, &found);
    if (error != CUBLAS_STATUS_SUCCESS || found == 0) {
      return ToStatus(error == CUBLAS_STATUS_SUCCESS ? CUBLAS_STATUS_NOT_SUPPORTED : error,
                      Name(most_rows));
    }
    const auto chosen = std::find_if(results, results + found, [&](const auto& result) {
      return result.state == CUBLAS_STATUS_SUCCESS && IsWhole(result.algo, least);
    });
    algorithm_ = (chosen == results + found ? results : chosen)->algo;
    return absl::OkStatus();
  }

  // Whether the algorithm can do this many rows as it is, and cuts no sum.
  bool IsWhole(const cublasLtMatmulAlgo_t& algorithm, Layouts& rows) const {
    int32_t parts = 1;
    size_t written = 0;
    const bool is_cut =
        cublasLtMatmulAlgoConfigGetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_SPLITK_NUM, &parts,
                                             sizeof parts, &written) == CUBLAS_STATUS_SUCCESS &&
        parts > 1;
    cublasLtMatmulHeuristicResult_t result;
    return !is_cut &&
           cublasLtMatmulAlgoCheck(library_->handle(), &product_, &rows.w, &rows.x, &rows.y,
                                   &rows.y, &algorithm, &result) == CUBLAS_STATUS_SUCCESS &&
           result.workspaceSize == 0;
  }

  const std::shared_ptr<LinearLibrary> library_;
  int64_t outputs_ = 0, inputs_ = 0;
  Buffer<X> weight_;
  Buffer<Y> bias_;
  // cuBLASLt takes it by a pointer that is not const, and does not write to it.
  mutable cublasLtMatmulDescOpaque_t product_;
  cublasLtMatmulAlgo_t algorithm_;
};

template <typename X, typename Y>
Linear<X, Y>::Linear(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
template <typename X, typename Y>
Linear<X, Y>::~Linear() = default;

template <typename X, typename Y>
absl::StatusOr<std::unique_ptr<Linear<X, Y>>> Linear<X, Y>::Create(
    std::shared_ptr<LinearLibrary> library, const LinearSpec& spec) {
  auto impl = std::make_unique<Impl>(std::move(library));
  if (absl::Status status = impl->Load(spec); !status.ok()) return status;
  return std::unique_ptr<Linear>(new Linear(std::move(impl)));
}

template <typename X, typename Y>
absl::Status Linear<X, Y>::Run(int64_t rows, const X* x, Y* y, cudaStream_t stream) const {
  return impl_->Run(rows, x, y, stream);
}

template class Linear<float, float>;
template class Linear<BFloat16, BFloat16>;
template class Linear<BFloat16, float>;

}  // namespace rill::kernels::cuda
