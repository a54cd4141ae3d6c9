#include "model/paper/generate/generate_command.h"

#include "absl/strings/str_cat.h"

namespace rill::paper {
namespace {

absl::StatusOr<ImageSet> ReadPart(const std::string& folder, const std::string& name,
                                  int64_t shrink) {
  absl::StatusOr<ImageSet> set = ReadImages(folder + "/" + name + "-images-idx3-ubyte.gz", shrink);
  if (!absl::IsNotFound(set.status())) return set;
  return absl::NotFoundError(
      absl::StrCat("--images ", folder, ": no ", name,
                   "-images-idx3-ubyte.gz there. Fashion-MNIST is Debian's package "
                   "dataset-fashion-mnist (31 MB): "
                   "apt-get install dataset-fashion-mnist. Without it: --part speed"));
}

}  // namespace

GenerateCommand::GenerateCommand(CLI::App& program)
    : app_(program.add_subcommand(
          "generate", "Draws images pixel by pixel: speed, and likelihood after training")) {
  app_->footer(
      "Results: RUN/generate.jsonl (speed) and RUN/images.jsonl (training and completed images).\n"
      "\n"
      "  rill-paper generate --part speed                       five minutes\n"
      "  rill-paper generate --part train                       Fashion-MNIST, 14 x 14; under an "
      "hour\n"
      "  rill-paper generate --part speed --size mnist --timed-pixels 0 --attention linear\n");
  AddRunFlags(*app_, run_);
  app_->add_option("--part", part_, "speed, train or both")
      ->check(CLI::IsMember({"speed", "train", "both"}))
      ->capture_default_str();
  AddSpeedFlags();
  AddTrainingFlags();
}

void GenerateCommand::AddSpeedFlags() {
  const std::string group = "Speed";
  app_->add_option("--size", speed_.sizes, "mnist (784 steps, 8 layers), cifar (3,072, 16)")
      ->group(group)
      ->capture_default_str();
  app_->add_option("--attention", speed_.attentions,
                   "softmax and lsh-N compute the prefix again for each pixel; softmax-cached and "
                   "linear go a step")
      ->group(group)
      ->capture_default_str();
  app_->add_option("--batches", speed_.batches, "Images drawn side by side")
      ->check(CLI::PositiveNumber)
      ->group(group)
      ->capture_default_str();
  app_->add_option("--speed-heads", speed_.heads, "Heads")->group(group)->capture_default_str();
  app_->add_option("--timed-pixels", speed_.timed_pixels,
                   "Pixels that are timed, evenly spread over the image; 0: every one")
      ->check(CLI::NonNegativeNumber)
      ->group(group)
      ->capture_default_str();
  app_->add_option("--most-seconds", speed_.most_seconds,
                   "Leave out what would take longer to time, judged by a smaller batch")
      ->group(group)
      ->capture_default_str();
  app_->add_option("--memory", speed_.memory_gb, "GiB that the states of a batch may take")
      ->group(group)
      ->capture_default_str();
}

void GenerateCommand::AddTrainingFlags() {
  const std::string group = "Training";
  TransformerConfig& network = training_.network;
  network.layers = 4;
  network.heads = 4;  // 32 wide, as the paper's
  network.width = 128;
  network.lsh = {.rounds = 1, .buckets = 64, .chunk = 28};
  training_.plan.updates = 1500;
  training_.plan.rate = 1e-3;
  training_.plan.drop_after = 1300;
  training_.plan.log_every = 50;
  training_.plan.evaluate_every = 500;
  const auto add = [&](const char* flag, auto& value, const char* help) {
    app_->add_option(flag, value, help)->group(group)->capture_default_str();
  };
  add("--images", images_, "Folder of Fashion-MNIST's (or MNIST's) gzipped IDX files");
  add("--shrink", shrink_, "Pixels become means of squares so wide: 2 gives 14 x 14");
  add("--train-attention", training_.attentions, "Of softmax, sdpa, lsh-N, linear");
  add("--layers", network.layers, "Layers; the paper has 8");
  add("--heads", network.heads, "Heads");
  add("--width", network.width, "Width of the network; the paper has 256");
  add("--batch", training_.batch, "Images an update");
  add("--updates", training_.plan.updates, "Updates; more than a finished run has go on with it");
  add("--rate", training_.plan.rate, "Learning rate");
  add("--drop-after", training_.plan.drop_after, "Updates after which the rate is 1e-4");
  add("--buckets", network.lsh.buckets, "Of lsh-N");
  add("--chunk", network.lsh.chunk, "Of lsh-N, positions");
  add("--test-images", training_.test_images, "Of the test set, for bits per dimension");
  add("--seed", network.seed, "Of weights and the order of images");
}

void GenerateCommand::Shrink() {
  speed_.sizes = {"tiny"};
  speed_.batches = {1, 2};
  speed_.heads = 2;
  speed_.width = 16;
  speed_.timed_pixels = 3;
  training_.network.layers = 1;
  training_.network.heads = 2;
  training_.network.width = 16;
  training_.network.lsh = {.rounds = 1, .buckets = 4, .chunk = 7};
  training_.plan.updates = 2;
  training_.batch = 2;
  training_.test_images = 2;
  training_.completed_images = 1;
}

absl::Status GenerateCommand::MeasureSpeed() {
  absl::StatusOr<RunFolder> folder = RunFolder::Open(
      run_, "generate",
      {{"heads", speed_.heads}, {"width", speed_.width}, {"timed_pixels", speed_.timed_pixels}});
  if (!folder.ok()) return folder.status();
  return MeasureGeneration(speed_, folder->results());
}

absl::Status GenerateCommand::TrainImages() {
  const absl::StatusOr<ImageSet> train = ReadPart(images_, "train", shrink_);
  if (!train.ok()) return train.status();
  const absl::StatusOr<ImageSet> test = ReadPart(images_, "t10k", shrink_);
  if (!test.ok()) return test.status();
  absl::StatusOr<RunFolder> folder = RunFolder::Open(run_, "images",
                                                     {{"shrink", shrink_},
                                                      {"layers", training_.network.layers},
                                                      {"heads", training_.network.heads},
                                                      {"width", training_.network.width},
                                                      {"buckets", training_.network.lsh.buckets},
                                                      {"chunk", training_.network.lsh.chunk},
                                                      {"batch", training_.batch},
                                                      {"rate", training_.plan.rate},
                                                      {"drop_after", training_.plan.drop_after},
                                                      {"seed", training_.network.seed}});
  if (!folder.ok()) return folder.status();
  return TrainOnImages(training_, *train, *test, *folder);
}

absl::Status GenerateCommand::Run() {
  if (run_.smoke) Shrink();
  absl::Status status;
  if (part_ != "train") status = MeasureSpeed();
  if (status.ok() && part_ != "speed") status = TrainImages();
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

}  // namespace rill::paper
