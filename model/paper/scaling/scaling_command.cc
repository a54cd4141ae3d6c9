#include "model/paper/scaling/scaling_command.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "model/paper/scaling/exponent.h"
#include "model/progress_bar.h"
#include "model/training/commands/stop_signal.h"

namespace rill::paper {
namespace {

using at::Tensor;

constexpr size_t kFittedPoints = 4;  // the longest: short ones are ruled by what is constant

// Forward and backward of one batch.
class AttentionWork {
 public:
  AttentionWork(const Attention& attention, at::IntArrayRef shape) : attention_(attention) {
    for (Tensor* x : {&q_, &k_, &v_, &gradient_}) *x = at::randn(shape);
    for (Tensor* x : {&q_, &k_, &v_}) x->requires_grad_(true);
  }

  void Run() {
    AttentionInput in;
    in.q = q_;
    in.k = k_;
    in.v = v_;
    attention_.Forward(in).backward(gradient_);
    for (Tensor* x : {&q_, &k_, &v_}) x->mutable_grad().reset();
  }

 private:
  const Attention& attention_;
  Tensor q_, k_, v_, gradient_;
};

}  // namespace

ScalingCommand::ScalingCommand(CLI::App& program)
    : app_(program.add_subcommand(
          "scaling", "Time and memory of attention over the sequence's length (figure 1)")) {
  app_->footer(
      "Forward and backward of one attention, without projections, in batches that shrink as the\n"
      "sequences grow; every measurement in a process of its own. Results: RUN/scaling.jsonl.\n"
      "\n"
      "  rill-paper scaling                        all attentions, 2^9 to 2^16; five minutes\n"
      "  rill-paper scaling --attention linear lsh-4 --longest 18 --run runs/long\n");
  AddRunFlags(*app_, run_);
  app_->add_option("--attention", attentions_,
                   "Of softmax, sdpa (PyTorch's scaled_dot_product_attention), lsh-N, linear")
      ->capture_default_str();
  app_->add_option("--shortest", shortest_, "Sequences from two to the power of this")
      ->check(CLI::Range(4, 20))
      ->capture_default_str();
  app_->add_option("--longest", longest_, "Up to two to the power of this")
      ->check(CLI::Range(4, 20))
      ->capture_default_str();
  app_->add_option("--tokens", tokens_, "Positions a batch; one sequence if it is longer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app_->add_option("--heads", heads_, "Heads")->check(CLI::Range(1, 256))->capture_default_str();
  app_->add_option("--head-width", head_width_, "Width of a head")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app_->add_option("--buckets", lsh_.buckets, "Of lsh-N")->capture_default_str();
  app_->add_option("--chunk", lsh_.chunk, "Of lsh-N, positions")->capture_default_str();
  app_->add_option("--most-seconds", most_seconds_,
                   "Leave out what would take longer than this, judged by shorter sequences")
      ->capture_default_str();
  app_->add_option("--memory", memory_gb_, "GiB that an attention may take")->capture_default_str();
}

void ScalingCommand::Shrink() {
  shortest_ = 5;
  longest_ = 7;
  tokens_ = 128;
  heads_ = 2;
  head_width_ = 16;
  lsh_ = {.rounds = 1, .buckets = 4, .chunk = 8};
}

absl::Status ScalingCommand::Run() {
  if (run_.smoke) Shrink();
  std::vector<Point> points;
  for (const std::string& name : attentions_) {
    if (auto attention = MakeAttention(name, lsh_); !attention.ok()) return attention.status();
    for (int power = shortest_; power <= longest_; ++power) {
      points.push_back({name, int64_t{1} << power});
    }
  }
  absl::StatusOr<RunFolder> folder = RunFolder::Open(run_, "scaling",
                                                     {{"heads", heads_},
                                                      {"head_width", head_width_},
                                                      {"tokens", tokens_},
                                                      {"buckets", lsh_.buckets},
                                                      {"chunk", lsh_.chunk}});
  if (!folder.ok()) return folder.status();
  ResultFile& results = folder->results();
  // What was left out may be within today's limits.
  absl::Status status = results.Remove(
      [](const auto& line) { return line.value("outcome", "measured") != "measured"; });
  if (!status.ok()) return status;
  std::erase_if(points, [&](const Point& p) {
    return results.Find({{"attention", p.attention}, {"positions", p.positions}}) != nullptr;
  });
  {
    ProgressBar progress("scaling", static_cast<double>(points.size()), true);
    for (const Point& point : points) {
      if (training::StopRequested()) return absl::OkStatus();
      if (status = Measure(point, results); !status.ok()) return status;
      progress.Add(1);
    }
  }
  return FitAll(results);
}

std::string ScalingCommand::HopelessBecause(const Point& point, const ResultFile& results) const {
  const auto* shorter =
      results.Find({{"attention", point.attention}, {"positions", point.positions / 2}});
  if (shorter == nullptr) return "";
  const std::string outcome = shorter->value("outcome", "");
  if (outcome != "measured") return outcome;
  // Time grows with the square of the length at worst, beside a batch half the size.
  const double batch = static_cast<double>(std::max<int64_t>(1, tokens_ / point.positions));
  const double expected = 4 * shorter->value("cpu_seconds", 0.0) * batch;
  const bool quadratic = point.attention == "softmax" || point.attention == "sdpa";
  return (quadratic ? expected : expected / 2) > most_seconds_ ? "too slow" : "";
}

absl::StatusOr<Measurement> ScalingCommand::MeasureAttention(const Attention& attention,
                                                             const Point& point) const {
  const int64_t batch = std::max<int64_t>(1, tokens_ / point.positions);
  std::unique_ptr<AttentionWork> work;
  MeasureOptions options;
  options.memory_bytes = static_cast<int64_t>(memory_gb_ * 0x1p30);
  return MeasureInChild(
      [&] {
        AttentionWork(attention, {1, 1, 2 * lsh_.chunk, head_width_}).Run();  // wakes the libraries
        work = std::make_unique<AttentionWork>(
            attention, at::IntArrayRef({batch, heads_, point.positions, head_width_}));
      },
      [&] { work->Run(); }, options);
}

absl::Status ScalingCommand::Measure(const Point& point, ResultFile& results) const {
  ResultFile::Line line = {{"attention", point.attention}, {"positions", point.positions}};
  line["outcome"] = HopelessBecause(point, results);
  if (line["outcome"] != "") return results.Append(line);
  const auto attention = MakeAttention(point.attention, lsh_);
  if (!attention.ok()) return attention.status();
  const absl::StatusOr<Measurement> measured = MeasureAttention(**attention, point);
  if (absl::IsResourceExhausted(measured.status())) {
    line["outcome"] = "no memory";
    return results.Append(line);
  }
  if (!measured.ok()) return measured.status();
  const int64_t batch = std::max<int64_t>(1, tokens_ / point.positions);
  line["outcome"] = "measured";
  line["batch"] = batch;
  line["runs"] = measured->runs;
  line["wall_seconds"] = measured->quickest.wall / static_cast<double>(batch);
  line["cpu_seconds"] = measured->quickest.cpu / static_cast<double>(batch);
  line["peak_bytes"] = measured->peak_bytes / batch;
  return results.Append(line);
}

absl::Status ScalingCommand::FitAll(ResultFile& results) const {
  absl::Status status = results.Remove([](const auto& line) { return line.contains("exponent"); });
  for (const std::string& name : attentions_) {
    std::vector<std::pair<double, double>> seconds, bytes;
    for (int power = shortest_; power <= longest_; ++power) {
      const auto* line = results.Find(
          {{"attention", name}, {"positions", int64_t{1} << power}, {"outcome", "measured"}});
      if (line == nullptr) continue;
      const double n = static_cast<double>(int64_t{1} << power);
      seconds.emplace_back(n, line->value("cpu_seconds", 0.0));
      // A peak below the grain of the operating system's count.
      bytes.emplace_back(n, std::max(line->value("peak_bytes", 0.0), 1.0));
    }
    if (seconds.empty()) continue;
    const double longest = seconds.back().first;
    const auto last = [](auto& points) {
      points.erase(points.begin(), points.end() - std::min(points.size(), kFittedPoints));
      return FitExponent(points);
    };
    const double time = last(seconds), memory = last(bytes);
    absl::PrintF("%-8s  time as N^%.2f, memory as N^%.2f; longest measured %d\n", name, time,
                 memory, static_cast<int64_t>(longest));
    status.Update(results.Append(
        {{"attention", name}, {"exponent", {{"cpu_seconds", time}, {"peak_bytes", memory}}}}));
  }
  return status;
}

}  // namespace rill::paper
