#include "tests/model/encoder_reference.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace rill {
namespace {

// A matrix of `width` columns; rows are frames, or (frame, bin) pairs.
struct Frames {
  Frames(int rows, int width) : rows(rows), width(width), v(static_cast<size_t>(rows) * width) {}
  double& at(int row, int column) { return v[static_cast<size_t>(row) * width + column]; }
  double at(int row, int column) const { return v[static_cast<size_t>(row) * width + column]; }

  int rows, width;
  std::vector<double> v;
};

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double Silu(double x) { return x * Sigmoid(x); }
double Phi(double x) { return x > 0 ? x + 1 : std::exp(x); }
double Softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

class Reference {
 public:
  Reference(const ModelFile& file, int chunk)
      : file_(file), config_(file.config()), chunk_(chunk) {}

  std::vector<double> Run(const std::vector<float>& features) const {
    Frames x = Front(features);
    for (int n = 0; n < config_.blocks; ++n) {
      const std::string block = "blocks." + std::to_string(n);
      Add(0.5, FeedForward(block + ".ffn1", x), x);
      Add(1, Attention(block + ".attention", x), x);
      Add(1, Convolution(block + ".conv", x), x);
      Add(0.5, FeedForward(block + ".ffn2", x), x);
    }
    Frames logits = Linear("head.weight", Norm("final_norm", x), "head.bias");
    const int tokens = config_.num_tokens();
    for (int t = 0; t < logits.rows; ++t) {
      Normalize(t, 0, tokens, logits);
      Normalize(t, tokens, logits.width, logits);
    }
    return logits.v;
  }

 private:
  static void Normalize(int t, int begin, int end, Frames& logits) {
    double sum = 0;
    for (int c = begin; c < end; ++c) sum += std::exp(logits.at(t, c));
    for (int c = begin; c < end; ++c) logits.at(t, c) -= std::log(sum);
  }
  static void Add(double scale, const Frames& branch, Frames& x) {
    for (size_t i = 0; i < x.v.size(); ++i) x.v[i] += scale * branch.v[i];
  }

  Frames Linear(const std::string& weight, const Frames& x, const std::string& bias = "") const {
    const std::vector<float> w = file_.Tensor(weight), b = file_.Tensor(bias);
    Frames y(x.rows, static_cast<int>(w.size()) / x.width);
    for (int t = 0; t < x.rows; ++t) {
      for (int o = 0; o < y.width; ++o) {
        double sum = b.empty() ? 0 : b[o];
        for (int i = 0; i < x.width; ++i) sum += double{w[o * x.width + i]} * x.at(t, i);
        y.at(t, o) = sum;
      }
    }
    return y;
  }

  static double InverseRms(const double* x, int n) {
    double squares = 0;
    for (int i = 0; i < n; ++i) squares += x[i] * x[i];
    return 1 / std::sqrt(squares / n + 1e-5);
  }

  Frames Norm(const std::string& name, const Frames& x) const {
    const std::vector<float> weight = file_.Tensor(name);
    Frames y(x.rows, x.width);
    for (int t = 0; t < x.rows; ++t) {
      const double inv = InverseRms(&x.v[static_cast<size_t>(t) * x.width], x.width);
      for (int c = 0; c < x.width; ++c) y.at(t, c) = x.at(t, c) * inv * weight[c];
    }
    return y;
  }

  // x: [time * in_bins, in_channels] -> stride 2 in time and bins, zeros around.
  Frames Conv2d(const std::string& name, const Frames& x, int in_bins) const {
    const std::vector<float> w = file_.Tensor(name + ".weight"), b = file_.Tensor(name + ".bias");
    const int out_bins = (in_bins + 1) / 2, times = x.rows / in_bins;
    Frames y(times / 2 * out_bins, static_cast<int>(b.size()));
    for (int t = 0; t < times / 2; ++t) {
      for (int m = 0; m < out_bins; ++m) {
        for (int o = 0; o < y.width; ++o) {
          double sum = b[o];
          for (int i = 0; i < x.width; ++i) {
            for (int kt = 0; kt < 3; ++kt) {
              for (int km = 0; km < 3; ++km) {
                const int from_t = 2 * t + kt - 1, from_m = 2 * m + km - 1;
                if (from_t < 0 || from_m < 0 || from_m >= in_bins) continue;
                sum += double{w[((o * x.width + i) * 3 + kt) * 3 + km]} *
                       x.at(from_t * in_bins + from_m, i);
              }
            }
          }
          y.at(t * out_bins + m, o) = std::max(sum, 0.0);
        }
      }
    }
    return y;
  }

  Frames Front(const std::vector<float>& features) const {
    const int bins = config_.mel_bins;
    const std::vector<float> mean = file_.Tensor("features.mean");
    const std::vector<float> inv_std = file_.Tensor("features.inv_std");
    Frames level0(static_cast<int>(features.size()), 1);
    for (int i = 0; i < level0.rows; ++i) {
      level0.at(i, 0) = (double{features[i]} - mean[i % bins]) * inv_std[i % bins];
    }
    const Frames level1 = Conv2d("front.conv1", level0, bins);
    const Frames level2 = Conv2d("front.conv2", level1, (bins + 1) / 2);
    const int out_bins = config_.front_bins();
    Frames flat(level2.rows / out_bins, level2.width * out_bins);
    for (int t = 0; t < flat.rows; ++t) {
      for (int c = 0; c < level2.width; ++c) {
        for (int m = 0; m < out_bins; ++m) {
          flat.at(t, c * out_bins + m) = level2.at(t * out_bins + m, c);
        }
      }
    }
    return Linear("front.proj.weight", flat, "front.proj.bias");
  }

  Frames FeedForward(const std::string& name, const Frames& x) const {
    Frames hidden = Linear(name + ".up.weight", Norm(name + ".norm", x));
    for (double& value : hidden.v) value = Silu(value);
    return Linear(name + ".down.weight", hidden);
  }

  Frames Convolution(const std::string& name, const Frames& x) const {
    const Frames u = Linear(name + ".up.weight", Norm(name + ".norm", x));
    const std::vector<float> taps = file_.Tensor(name + ".depthwise");
    const int width = x.width, kernel = config_.conv_kernel;
    Frames mixed(x.rows, width);
    for (int t = 0; t < x.rows; ++t) {
      for (int c = 0; c < width; ++c) {
        for (int j = std::max(0, kernel - 1 - t); j < kernel; ++j) {
          const int from = t - (kernel - 1) + j;
          mixed.at(t, c) +=
              double{taps[c * kernel + j]} * u.at(from, c) * Sigmoid(u.at(from, width + c));
        }
      }
    }
    Frames y = Norm(name + ".mid_norm", mixed);
    for (double& value : y.v) value = Silu(value);
    return Linear(name + ".down.weight", y);
  }

  // One head of one part (query, key, value, gate) of the projected frames, mapped if it has a
  // scale.
  Frames Head(const Frames& qkvg, int part, int head, bool map, const std::string& scale) const {
    const std::vector<float> weight = file_.Tensor(scale);  // empty in paper mode
    Frames y(qkvg.rows, 64);
    for (int t = 0; t < y.rows; ++t) {
      double* row = &y.v[static_cast<size_t>(t) * 64];
      for (int c = 0; c < 64; ++c) row[c] = qkvg.at(t, (part * config_.heads + head) * 64 + c);
      const double inv = weight.empty() ? 1 : InverseRms(row, 64);
      for (int c = 0; c < 64 && map; ++c) {
        row[c] = Phi(row[c] * inv * (weight.empty() ? 1 : weight[head * 64 + c]));
      }
    }
    return y;
  }

  Frames Attention(const std::string& name, const Frames& x) const {
    const bool paper = config_.attention == AttentionMode::kPaper;
    const Frames y = Norm(name + ".norm", x);
    const Frames qkvg = Linear(name + ".qkvg.weight", y);
    Frames merged(x.rows, config_.heads * 64);
    for (int h = 0; h < config_.heads; ++h) {
      std::vector<double> a(x.rows, 0), z0(64, 0);
      if (!paper) {
        const Frames logits = Linear(name + ".decay.weight", y, name + ".decay.bias");
        for (int t = 0; t < x.rows; ++t) {
          a[t] = (t > 0 ? a[t - 1] : 0) - Softplus(-logits.at(t, h)) - 1.0 / 1500;
        }
        for (int c = 0; c < 64; ++c) z0[c] = Softplus(file_.Tensor(name + ".sink")[h * 64 + c]);
      }
      const Frames q = Head(qkvg, 0, h, true, name + ".q_scale");
      const Frames k = Head(qkvg, 1, h, true, name + ".k_scale");
      const Frames v = Head(qkvg, 2, h, false, name + ".none");
      for (int i = 0; i < x.rows; ++i) {
        double den = 1e-6, num[64] = {};
        for (int c = 0; c < 64; ++c) den += std::exp(a[i]) * q.at(i, c) * z0[c];
        const int end = std::min(x.rows, (i / chunk_ + 1) * chunk_);
        for (int j = 0; j < end; ++j) {
          double weight = 0;
          for (int c = 0; c < 64; ++c) weight += q.at(i, c) * k.at(j, c);
          weight *= std::exp(-std::abs(a[i] - a[j]));
          den += weight;
          for (int c = 0; c < 64; ++c) num[c] += weight * v.at(j, c);
        }
        for (int c = 0; c < 64; ++c) merged.at(i, h * 64 + c) = num[c] / den;
      }
    }
    if (!paper) {
      merged = Norm(name + ".merge_norm", merged);
      for (int t = 0; t < x.rows; ++t) {
        for (int c = 0; c < merged.width; ++c) {
          merged.at(t, c) *= Silu(qkvg.at(t, 3 * merged.width + c));
        }
      }
    }
    return Linear(name + ".out.weight", merged);
  }

  const ModelFile& file_;
  const ModelConfig& config_;
  const int chunk_;
};

}  // namespace

std::vector<double> ReferenceLogProbs(const ModelFile& file, const std::vector<float>& features,
                                      int chunk_frames) {
  return Reference(file, chunk_frames).Run(features);
}

}  // namespace rill
