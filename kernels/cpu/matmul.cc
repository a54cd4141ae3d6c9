#include "kernels/cpu/matmul.h"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kernels/cpu/quantize_rows.h"
#include "kernels/cpu/round_rows.h"
#include "kernels/cpu/silu.h"
#include "kernels/cpu/simd.h"

namespace rill::kernels {
namespace {

// Longer tiles waste more on short batches; shorter ones leave AMX, whose registers hold 16 rows
// each, waiting for weights. Without AMX the full rate is reached at 8 to 16 rows.
int64_t TileRows() { return HasAmx() ? 64 : 16; }

// oneDNN would start a team of OpenMP threads in every calling thread, and plan for one.
class OneOmpThread {
 public:
  OneOmpThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneOmpThread() { omp_set_num_threads(before_); }
  OneOmpThread(const OneOmpThread&) = delete;
  OneOmpThread& operator=(const OneOmpThread&) = delete;

 private:
  int before_;
};

const dnnl::engine& CpuEngine() {
  static const dnnl::engine* const engine = [] {
    // Takes effect only before oneDNN's first primitive; later it is refused, harmlessly.
    if (CurrentSimd() == Simd::kAvx2) dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2);
    return new dnnl::engine(dnnl::engine::kind::cpu, 0);
  }();
  return *engine;
}

}  // namespace

class MatmulScratch {
 public:
  MatmulScratch() : stream(CpuEngine()) {}

  dnnl::stream stream;
  std::vector<float> input;          // a padded tile
  std::vector<BFloat16> input_bf16;  // a tile, rounded
  std::vector<int8_t> input_int8;    // a tile in 8 bits
  std::vector<float> factors;        // of its rows
  std::vector<float> output;         // a padded tile
  std::vector<uint8_t> scratchpad;   // what oneDNN asks for
};

std::unique_ptr<MatmulScratch, void (*)(MatmulScratch*)> NewMatmulScratch() {
  return {new MatmulScratch, [](MatmulScratch* scratch) { delete scratch; }};
}

class PackedLinear::Impl {
 public:
  Impl(const float* weight, const float* bias, int64_t outputs, int64_t inputs,
       Activation activation, MatmulPrecision precision)
      : outputs_(outputs),
        inputs_(inputs),
        tile_rows_(kernels::TileRows()),
        precision_(precision),
        activation_(activation),
        primitive_(Describe(bias != nullptr && precision != MatmulPrecision::kInt8)) {
    Pack(weight);
    if (bias == nullptr) return;
    bias_.assign(bias, bias + outputs);
    if (precision != MatmulPrecision::kInt8) {
      bias_memory_ = dnnl::memory({{1, outputs}, dnnl::memory::data_type::f32, Tag::ab},
                                  CpuEngine(), bias_.data());
    }
  }

  void Run(int64_t rows, const float* x, float* y, MatmulScratch& scratch) const {
    const OneOmpThread one_thread;
    scratch.scratchpad.resize(std::max(scratch.scratchpad.size(), scratchpad_bytes_));
    dnnl::memory source(source_desc_, CpuEngine(), DNNL_MEMORY_NONE);
    dnnl::memory target(target_desc_, CpuEngine(), DNNL_MEMORY_NONE);
    std::unordered_map<int, dnnl::memory> args = {
        {DNNL_ARG_SRC, source},
        {DNNL_ARG_WEIGHTS, weight_},
        {DNNL_ARG_DST, target},
        {DNNL_ARG_SCRATCHPAD,
         dnnl::memory(scratchpad_desc_, CpuEngine(), scratch.scratchpad.data())}};
    if (bias_memory_) args.emplace(DNNL_ARG_BIAS, bias_memory_);

    for (int64_t first = 0; first < rows; first += tile_rows_) {
      const int64_t count = std::min(tile_rows_, rows - first);
      source.set_data_handle(Source(count, x + first * inputs_, scratch));
      float* to = y + first * outputs_;
      float* tile = to;
      if (count < tile_rows_) {
        scratch.output.resize(std::max<size_t>(scratch.output.size(), tile_rows_ * outputs_));
        tile = scratch.output.data();
      }
      target.set_data_handle(tile);
      primitive_.execute(scratch.stream, args);
      scratch.stream.wait();
      if (tile != to) std::copy_n(tile, count * outputs_, to);
      if (precision_ == MatmulPrecision::kInt8) Scale(count, scratch.factors.data(), to);
      // While the tile is in the cache. oneDNN's fused swish took twice as long.
      if (activation_ == Activation::kSilu) SiluForward(count * outputs_, to, to);
    }
  }

  int64_t outputs() const { return outputs_; }
  int64_t inputs() const { return inputs_; }
  int64_t tile_rows() const { return tile_rows_; }
  MatmulPrecision precision() const { return precision_; }

 private:
  using Type = dnnl::memory::data_type;
  using Tag = dnnl::memory::format_tag;

  dnnl::matmul Describe(bool has_bias) {
    const Type type = precision_ == MatmulPrecision::kInt8       ? Type::s8
                      : precision_ == MatmulPrecision::kBFloat16 ? Type::bf16
                                                                 : Type::f32;
    source_desc_ = {{tile_rows_, inputs_}, type, Tag::ab};
    target_desc_ = {{tile_rows_, outputs_}, Type::f32, Tag::ab};
    const dnnl::memory::desc weight_desc({inputs_, outputs_}, type, Tag::any);

    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const dnnl::matmul::desc operation =
        has_bias ? dnnl::matmul::desc(source_desc_, weight_desc,
                                      {{1, outputs_}, Type::f32, Tag::ab}, target_desc_)
                 : dnnl::matmul::desc(source_desc_, weight_desc, target_desc_);
    const dnnl::matmul::primitive_desc described(operation, attributes, CpuEngine());
    weight_desc_ = described.weights_desc();
    scratchpad_desc_ = described.scratchpad_desc();
    scratchpad_bytes_ = scratchpad_desc_.get_size();
    return dnnl::matmul(described);
  }

  void Pack(const float* weight) {
    std::vector<int8_t> bytes;
    if (precision_ == MatmulPrecision::kInt8) {
      bytes.resize(outputs_ * inputs_);
      factors_.resize(outputs_);
      for (int64_t o = 0; o < outputs_; ++o) {
        RILL_SIMD_CALL(QuantizeRow, inputs_, weight + o * inputs_, bytes.data() + o * inputs_,
                       &factors_[o]);
      }
    }
    // [outputs, inputs] row-major is [inputs, outputs] column-major.
    dnnl::memory plain = bytes.empty() ? dnnl::memory({{inputs_, outputs_}, Type::f32, Tag::ba},
                                                      CpuEngine(), const_cast<float*>(weight))
                                       : dnnl::memory({{inputs_, outputs_}, Type::s8, Tag::ba},
                                                      CpuEngine(), bytes.data());
    weight_ = dnnl::memory(weight_desc_, CpuEngine());
    dnnl::stream stream(CpuEngine());
    dnnl::reorder(plain, weight_).execute(stream, plain, weight_);
    stream.wait();
  }

  // What the factors of 8 bits and the bias make of oneDNN's sums.
  void Scale(int64_t rows, const float* factors, float* y) const {
    const float* bias = bias_.empty() ? nullptr : bias_.data();
    for (int64_t r = 0; r < rows; ++r) {
      RILL_SIMD_CALL(ScaleRow, outputs_, factors[r], factors_.data(), bias, y + r * outputs_);
    }
  }

  // The tile of `count` rows at x as oneDNN reads it: padded with zeros, of the weights' type.
  void* Source(int64_t count, const float* x, MatmulScratch& scratch) const {
    if (precision_ == MatmulPrecision::kInt8) {
      scratch.input_int8.resize(std::max<size_t>(scratch.input_int8.size(), tile_rows_ * inputs_));
      scratch.factors.resize(tile_rows_);
      int8_t* tile = scratch.input_int8.data();
      for (int64_t r = 0; r < count; ++r) {
        RILL_SIMD_CALL(QuantizeRow, inputs_, x + r * inputs_, tile + r * inputs_,
                       &scratch.factors[r]);
      }
      std::fill(tile + count * inputs_, tile + tile_rows_ * inputs_, int8_t{0});
      return tile;
    }
    if (precision_ == MatmulPrecision::kBFloat16) {
      scratch.input_bf16.resize(std::max<size_t>(scratch.input_bf16.size(), tile_rows_ * inputs_));
      BFloat16* tile = scratch.input_bf16.data();
      RILL_SIMD_CALL(RoundToBFloat16, count * inputs_, x, tile);
      std::fill(tile + count * inputs_, tile + tile_rows_ * inputs_, BFloat16{0});
      return tile;
    }
    if (count == tile_rows_) return const_cast<float*>(x);
    scratch.input.resize(std::max<size_t>(scratch.input.size(), tile_rows_ * inputs_));
    float* tile = scratch.input.data();
    std::copy_n(x, count * inputs_, tile);
    std::fill(tile + count * inputs_, tile + tile_rows_ * inputs_, 0.0f);
    return tile;
  }

  int64_t outputs_;
  int64_t inputs_;
  int64_t tile_rows_;
  MatmulPrecision precision_;
  Activation activation_;
  dnnl::memory::desc source_desc_, weight_desc_, target_desc_, scratchpad_desc_;
  size_t scratchpad_bytes_ = 0;
  dnnl::matmul primitive_;
  dnnl::memory weight_;
  std::vector<float> factors_;  // of 8 bits, one an output
  std::vector<float> bias_;
  dnnl::memory bias_memory_;
};

PackedLinear::PackedLinear(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PackedLinear::~PackedLinear() = default;

absl::StatusOr<std::unique_ptr<PackedLinear>> PackedLinear::Create(const float* weight,
                                                                   const float* bias,
                                                                   int64_t outputs, int64_t inputs,
                                                                   Activation activation,
                                                                   MatmulPrecision precision) {
  if (weight == nullptr || outputs <= 0 || inputs <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "A dense layer needs weights of at least 1 x 1, not ", outputs, " x ", inputs));
  }
  if (precision == MatmulPrecision::kAuto) {
    precision = HasFastBFloat16() ? MatmulPrecision::kBFloat16 : MatmulPrecision::kFloat;
  }
  try {
    const OneOmpThread one_thread;
    auto impl = std::make_unique<Impl>(weight, bias, outputs, inputs, activation, precision);
    // Some of oneDNN's code is generated when it first runs: better here than in a client's way.
    const std::vector<float> x(inputs);
    std::vector<float> y(outputs);
    impl->Run(1, x.data(), y.data(), *NewMatmulScratch());
    return std::unique_ptr<PackedLinear>(new PackedLinear(std::move(impl)));
  } catch (const dnnl::error& error) {
    return absl::InternalError(absl::StrCat(
        "oneDNN cannot prepare a dense layer of ", outputs, " x ", inputs, " in ", Name(precision),
        " on this processor (", SimdName(), "): ", error.what(), "; try another precision"));
  }
}

void PackedLinear::Run(int64_t rows, const float* x, float* y, MatmulScratch& scratch) const {
  try {
    impl_->Run(rows, x, y, scratch);
  } catch (const dnnl::error&) {
    // Create ran this primitive already, so nothing but broken memory gets here; a caller must not
    // take what lies in y for a result.
    std::fill(y, y + rows * outputs(), std::numeric_limits<float>::quiet_NaN());
  }
}

int64_t PackedLinear::inputs() const { return impl_->inputs(); }
int64_t PackedLinear::outputs() const { return impl_->outputs(); }
int64_t PackedLinear::tile_rows() const { return impl_->tile_rows(); }
MatmulPrecision PackedLinear::precision() const { return impl_->precision(); }

}  // namespace rill::kernels
