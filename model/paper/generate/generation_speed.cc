#include "model/paper/generate/generation_speed.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/paper/generate/image_generator.h"
#include "model/progress_bar.h"
#include "model/training/commands/stop_signal.h"

namespace rill::paper {
namespace {

struct Case {
  ImageSize size;
  std::string attention;
  int64_t batch;

  ResultFile::Line Key() const {
    return {{"size", size.name}, {"attention", attention}, {"batch", batch}};
  }
};

// The pixel after `drawn` others; the quickest of a few, once the first has warmed the caches.
Clock TimeOfPixel(const Transformer& network, int64_t batch, int64_t drawn, bool whole_prefix) {
  ImageGenerator generator(network, batch, /*seed=*/1);
  const int64_t repeats = whole_prefix ? 1 : 4;
  const int64_t first = std::min(drawn, network.config().positions - repeats);
  generator.Skip(std::max<int64_t>(0, first));
  Clock quickest;
  for (int64_t i = 0; i < repeats; ++i) {
    const Clock begin = Clock::Now();
    generator.Draw();
    const Clock took = Clock::Now() - begin;
    if (i == 0) quickest = took;
    quickest.wall = std::min(quickest.wall, took.wall);
    quickest.cpu = std::min(quickest.cpu, took.cpu);
  }
  return quickest;
}

Clock TimeEveryPixel(const Transformer& network, int64_t batch, int64_t pixels) {
  ImageGenerator generator(network, batch, /*seed=*/1);
  const Clock begin = Clock::Now();
  for (int64_t i = 0; i < pixels; ++i) generator.Draw();
  return Clock::Now() - begin;
}

absl::StatusOr<std::unique_ptr<Transformer>> NetworkOf(const Case& c, const SpeedOptions& options) {
  TransformerConfig config;
  config.attention = c.attention;
  config.lsh = {.rounds = 1, .buckets = 64, .chunk = c.size.lsh_chunk};
  config.layers = c.size.layers;
  config.heads = options.heads;
  config.width = options.width;
  config.vocabulary = kPixelVocabulary;
  config.positions = c.size.pixels;
  config.outputs = 3 * kMixtures;
  return Transformer::Create(config);
}

// Why not to try, or "".
std::string HopelessBecause(const Case& c, const SpeedOptions& options, int64_t state_bytes,
                            const ResultFile& results) {
  if (static_cast<double>(state_bytes * c.batch) > options.memory_gb * 0x1p30) return "no memory";
  const ResultFile::Line* smaller = nullptr;
  for (const ResultFile::Line& line : results.lines()) {
    if (line.value("size", "") != c.size.name || line.value("attention", "") != c.attention) {
      continue;
    }
    if (line.value("batch", int64_t{0}) < c.batch) smaller = &line;
  }
  if (smaller == nullptr) return "";
  if (smaller->value("outcome", "") != "measured") return smaller->value("outcome", "");
  const double ratio = static_cast<double>(c.batch) / smaller->value("batch", 1.0);
  return ratio * smaller->value("timing_seconds", 0.0) > options.most_seconds ? "too slow" : "";
}

absl::Status MeasureCase(const Case& c, const SpeedOptions& options, ResultFile& results) {
  const auto network = NetworkOf(c, options);
  if (!network.ok()) return network.status();
  const int64_t bytes = ImageGenerator(**network, 1, 1).StateBytes(c.size.pixels);
  ResultFile::Line line = c.Key();
  line["state_bytes"] = bytes;
  line["outcome"] = HopelessBecause(c, options, bytes, results);
  if (line["outcome"] != "") return results.Append(line);
  const Clock begin = Clock::Now();
  const Clock time = TimeOfImages(**network, c.batch, c.size.pixels, options.timed_pixels);
  line["outcome"] = "measured";
  line["timing_seconds"] = (Clock::Now() - begin).cpu;
  line["wall_seconds"] = time.wall;
  line["cpu_seconds"] = time.cpu;
  line["images_per_cpu_second"] = static_cast<double>(c.batch) / time.cpu;
  return results.Append(line);
}

void Print(const ResultFile& results) {
  for (const ResultFile::Line& line : results.lines()) {
    const std::string what =
        absl::StrFormat("%-6s %-14s batch %3d", line.value("size", ""), line.value("attention", ""),
                        line.value("batch", int64_t{0}));
    if (line.value("outcome", "") != "measured") {
      absl::PrintF("%s  %s\n", what, line.value("outcome", ""));
    } else {
      absl::PrintF("%s  %10.2f s  %9.4f images a CPU second  %9d bytes of state a sequence\n", what,
                   line.value("cpu_seconds", 0.0), line.value("images_per_cpu_second", 0.0),
                   line.value("state_bytes", int64_t{0}));
    }
  }
}

}  // namespace

absl::StatusOr<ImageSize> ImageSize::Named(const std::string& name) {
  if (name == "mnist") return ImageSize{name, 784, 8, 29};
  if (name == "cifar") return ImageSize{name, 3072, 16, 37};
  if (name == "tiny") return ImageSize{name, 36, 1, 8};
  return absl::InvalidArgumentError(
      absl::StrCat("--size ", name, ": must be mnist, cifar or tiny"));
}

Clock TimeOfImages(const Transformer& network, int64_t batch, int64_t pixels,
                   int64_t timed_pixels) {
  if (timed_pixels < 2 || timed_pixels >= pixels) return TimeEveryPixel(network, batch, pixels);
  const bool whole_prefix = network.NewState(1) == nullptr;
  TimeOfPixel(network, batch, 0, whole_prefix);  // warms the libraries
  Clock total, previous;
  for (int64_t i = 0; i < timed_pixels; ++i) {
    const int64_t drawn = i * (pixels - 1) / (timed_pixels - 1);
    const Clock now = TimeOfPixel(network, batch, drawn, whole_prefix);
    const double between =
        i == 0 ? 0 : static_cast<double>(drawn - (i - 1) * (pixels - 1) / (timed_pixels - 1));
    total.wall += between * (previous.wall + now.wall) / 2;
    total.cpu += between * (previous.cpu + now.cpu) / 2;
    previous = now;
  }
  return total;
}

absl::Status MeasureGeneration(const SpeedOptions& options, ResultFile& results) {
  std::vector<Case> cases;
  std::vector<int64_t> batches = options.batches;
  std::sort(batches.begin(), batches.end());
  for (const std::string& name : options.sizes) {
    const absl::StatusOr<ImageSize> size = ImageSize::Named(name);
    if (!size.ok()) return size.status();
    for (const std::string& attention : options.attentions) {
      for (const int64_t batch : batches) cases.push_back({*size, attention, batch});
    }
  }
  // What was left out may be within today's limits.
  if (absl::Status status =
          results.Remove([](const auto& line) { return line.value("outcome", "") != "measured"; });
      !status.ok()) {
    return status;
  }
  std::erase_if(cases, [&](const Case& c) { return results.Find(c.Key()) != nullptr; });
  {
    ProgressBar progress("generation", static_cast<double>(cases.size()), !cases.empty());
    for (const Case& c : cases) {
      if (training::StopRequested()) return absl::CancelledError("stopped");
      if (absl::Status status = MeasureCase(c, options, results); !status.ok()) return status;
      progress.Add(1);
    }
  }
  Print(results);
  return absl::OkStatus();
}

}  // namespace rill::paper
