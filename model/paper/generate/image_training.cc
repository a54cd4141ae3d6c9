#include "model/paper/generate/image_training.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "model/paper/generate/image_generator.h"
#include "model/paper/generate/mixture_of_logistics.h"
#include "model/training/data/random.h"

namespace rill::paper {
namespace {

using at::Tensor;

// What the network reads to say `images`: the start symbol, and all pixels but the last.
Tensor InputsOf(const Tensor& images) {
  const Tensor start = at::full({images.size(0), 1}, kStartSymbol, at::kLong);
  return at::cat({start, images.narrow(1, 0, images.size(1) - 1)}, 1);
}

Tensor BatchOf(const ImageSet& set, int64_t batch, uint64_t seed, int64_t number) {
  training::Random random({seed, static_cast<uint64_t>(number)});
  std::vector<int64_t> which(batch);
  for (int64_t& w : which) w = random.Below(set.pixels.size(0));
  return set.pixels.index_select(0, at::tensor(which, at::kLong)).to(at::kLong);
}

Tensor BitsPerDimension(const Transformer& network, const Tensor& images, uint64_t seed) {
  const Tensor parameters = network.Forward(InputsOf(images), {}, seed);
  return -LogProbability(parameters, images).mean() / std::log(2.0);
}

std::string Hex(const Tensor& pixels) {
  const Tensor bytes = pixels.to(at::kByte).contiguous();
  return absl::BytesToHexString(
      {static_cast<const char*>(bytes.data_ptr()), static_cast<size_t>(bytes.numel())});
}

// The lower halves drawn, the upper ones as they are.
Tensor Complete(const Transformer& network, const Tensor& images, uint64_t seed) {
  ImageGenerator generator(network, images.size(0), seed);
  Tensor result = images.clone();
  const int64_t given = images.size(1) / 2;
  for (int64_t i = 0; i < given; ++i) generator.Give(images.select(1, i));
  for (int64_t i = given; i < images.size(1); ++i) result.select(1, i).copy_(generator.Draw());
  return result;
}

class ImageTraining {
 public:
  ImageTraining(const ImageTrainingOptions& options, const ImageSet& train, const ImageSet& test,
                RunFolder& folder)
      : options_(options), train_(train), test_(test), folder_(folder) {}

  absl::Status TrainOne(const std::string& attention);
  absl::Status WriteOriginals();

 private:
  ResultFile::Line Evaluate(const Transformer& network) const;
  absl::Status WriteCompletions(const std::string& model, const Transformer& network);
  Tensor Shown() const {
    return test_.pixels.narrow(0, 0, std::min(options_.completed_images, test_.pixels.size(0)))
        .to(at::kLong);
  }

  const ImageTrainingOptions& options_;
  const ImageSet& train_;
  const ImageSet& test_;
  RunFolder& folder_;
};

ResultFile::Line ImageTraining::Evaluate(const Transformer& network) const {
  const int64_t images = std::min(options_.test_images, test_.pixels.size(0));
  double bits = 0;
  for (int64_t first = 0; first < images; first += options_.batch) {
    const int64_t count = std::min(options_.batch, images - first);
    const Tensor batch = test_.pixels.narrow(0, first, count).to(at::kLong);
    bits += BitsPerDimension(network, batch, first).item<double>() * static_cast<double>(count);
  }
  return {{"bits_per_dimension", bits / static_cast<double>(images)}, {"test_images", images}};
}

absl::Status ImageTraining::WriteOriginals() {
  if (folder_.results().Find({{"images", "originals"}}) != nullptr) return absl::OkStatus();
  return folder_.results().Append({{"images", "originals"},
                                   {"rows", test_.rows},
                                   {"columns", test_.columns},
                                   {"pixels", Hex(Shown())}});
}

absl::Status ImageTraining::WriteCompletions(const std::string& model, const Transformer& network) {
  const ResultFile::Line key = {
      {"images", "completed"}, {"model", model}, {"update", options_.plan.updates}};
  if (folder_.results().Find(key) != nullptr) return absl::OkStatus();
  ResultFile::Line line = key;
  line["pixels"] = Hex(Complete(network, Shown(), options_.network.seed));
  return folder_.results().Append(line);
}

absl::Status ImageTraining::TrainOne(const std::string& attention) {
  TransformerConfig config = options_.network;
  config.attention = attention;
  config.vocabulary = kPixelVocabulary;
  config.positions = train_.pixels.size(1);
  config.outputs = 3 * kMixtures;
  const auto network = Transformer::Create(config);
  if (!network.ok()) return network.status();
  TrainingPlan plan = options_.plan;
  plan.name = "images-" + attention;
  plan.loss = [&](int64_t number) -> absl::StatusOr<Tensor> {
    const Tensor images = BatchOf(train_, options_.batch, config.seed, number);
    return BitsPerDimension(**network, images, number);
  };
  plan.evaluate = [&] { return Evaluate(**network); };
  if (absl::Status status = Train(plan, (*network)->parameters(), folder_); !status.ok()) {
    return status;
  }
  const auto* line = folder_.results().Find(
      {{"model", plan.name}, {"update", plan.updates}, {"evaluation", true}});
  if (line != nullptr) {
    absl::PrintF("%-14s  %.3f bits per dimension after %d updates\n", attention,
                 line->value("bits_per_dimension", 0.0), plan.updates);
  }
  return WriteCompletions(plan.name, **network);
}

}  // namespace

absl::Status TrainOnImages(const ImageTrainingOptions& options, const ImageSet& train,
                           const ImageSet& test, RunFolder& folder) {
  ImageTraining training(options, train, test, folder);
  if (absl::Status status = training.WriteOriginals(); !status.ok()) return status;
  for (const std::string& attention : options.attentions) {
    if (absl::Status status = training.TrainOne(attention); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace rill::paper
