#include "model/paper/copy/copy_command.h"

#include <ATen/ATen.h>

#include "absl/strings/str_format.h"

namespace rill::paper {
namespace {

using at::Tensor;

constexpr uint64_t kTestSeed = 0x7E57;  // beside the seed of training: sequences never seen

// Logits of the whole batch, a position at a time.
Tensor Recurrent(const Transformer& network, const Tensor& inputs) {
  const auto state = network.NewState(inputs.size(0));
  std::vector<Tensor> logits;
  for (int64_t t = 0; t < inputs.size(1); ++t) {
    logits.push_back(network.Step(inputs.select(1, t), *state));
  }
  return at::stack(logits, 1);
}

}  // namespace

CopyCommand::CopyCommand(CLI::App& program)
    : app_(program.add_subcommand("copy", "Learns to copy strings (figure 2)")) {
  network_.layers = 4;
  network_.heads = 4;  // 32 wide, as the paper's
  network_.width = 128;
  plan_.updates = 2000;
  plan_.drop_after = 1700;
  plan_.evaluate_every = 500;
  app_->footer(
      "Results: RUN/copy.jsonl. The paper's setting is --width 256 --heads 8 --batch 64\n"
      "--updates 10000 --drop-after 3000; the defaults take an hour.\n"
      "\n"
      "  rill-paper copy\n"
      "  rill-paper copy --attention linear softmax --length 64 --run runs/short\n");
  AddRunFlags(*app_, run_);
  app_->add_option("--attention", attentions_, "Of softmax, sdpa, lsh-N, linear")
      ->capture_default_str();
  app_->add_option("--length", task_.length, "Longest sequence")
      ->check(CLI::Range(8, 65536))
      ->capture_default_str();
  app_->add_option("--layers", network_.layers, "Layers")->capture_default_str();
  app_->add_option("--heads", network_.heads, "Heads")->capture_default_str();
  app_->add_option("--width", network_.width, "Width of the network")->capture_default_str();
  app_->add_option("--batch", batch_, "Sequences an update")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app_->add_option("--updates", plan_.updates,
                   "Updates; more than a finished run has go on with it")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app_->add_option("--rate", plan_.rate, "Learning rate")->capture_default_str();
  app_->add_option("--drop-after", plan_.drop_after, "Updates after which the rate is 1e-4")
      ->capture_default_str();
  app_->add_option("--buckets", network_.lsh.buckets, "Of lsh-N")->capture_default_str();
  app_->add_option("--chunk", network_.lsh.chunk, "Of lsh-N, positions")->capture_default_str();
  app_->add_option("--seed", seed_, "Of weights and sequences")->capture_default_str();
}

void CopyCommand::Shrink() {
  task_.length = 16;
  network_.layers = 1;
  network_.heads = 2;
  network_.width = 16;
  network_.lsh = {.rounds = 1, .buckets = 4, .chunk = 8};
  batch_ = 4;
  test_batches_ = 1;
  plan_.updates = 4;
  plan_.log_every = 2;
  plan_.evaluate_every = 0;
}

ResultFile::Line CopyCommand::Evaluate(const Transformer& network) const {
  double loss = 0, accuracy = 0, recurrent = 0;
  const bool has_memory = network.NewState(1) != nullptr;
  for (int64_t n = 0; n < test_batches_; ++n) {
    const CopyBatch batch = MakeCopyBatch(task_, batch_, seed_ ^ kTestSeed, n);
    const Tensor logits = network.Forward(batch.inputs, {}, n);
    loss += CopyLoss(logits, batch).item<double>() / test_batches_;
    accuracy += CopyAccuracy(logits, batch) / test_batches_;
    if (has_memory) {
      recurrent += CopyAccuracy(Recurrent(network, batch.inputs), batch) / test_batches_;
    }
  }
  ResultFile::Line line = {{"test_loss", loss}, {"accuracy", accuracy}};
  if (has_memory) line["recurrent_accuracy"] = recurrent;
  return line;
}

absl::Status CopyCommand::TrainOne(const std::string& attention, RunFolder& folder) const {
  TransformerConfig config = network_;
  config.attention = attention;
  config.vocabulary = config.outputs = task_.symbols + 1;
  config.positions = task_.length;
  config.seed = seed_;
  const auto network = Transformer::Create(config);
  if (!network.ok()) return network.status();
  TrainingPlan plan = plan_;
  plan.name = "copy-" + attention;
  plan.loss = [&](int64_t number) -> absl::StatusOr<Tensor> {
    const CopyBatch batch = MakeCopyBatch(task_, batch_, seed_, number);
    return CopyLoss((*network)->Forward(batch.inputs, {}, number), batch);
  };
  plan.evaluate = [&] { return Evaluate(**network); };
  if (absl::Status status = Train(plan, (*network)->parameters(), folder); !status.ok()) {
    return status;
  }
  const auto* line =
      folder.results().Find({{"model", plan.name}, {"update", plan.updates}, {"evaluation", true}});
  if (line != nullptr) {
    absl::PrintF("%-14s  %.2f %% of unseen symbols copied in parallel", attention,
                 100 * line->value("accuracy", 0.0));
    if (line->contains("recurrent_accuracy")) {
      absl::PrintF(", %.2f %% in recurrent form", 100 * line->value("recurrent_accuracy", 0.0));
    }
    absl::PrintF("\n");
  }
  return absl::OkStatus();
}

absl::Status CopyCommand::Run() {
  if (run_.smoke) Shrink();
  absl::StatusOr<RunFolder> folder = RunFolder::Open(run_, "copy",
                                                     {{"length", task_.length},
                                                      {"layers", network_.layers},
                                                      {"heads", network_.heads},
                                                      {"width", network_.width},
                                                      {"batch", batch_},
                                                      {"rate", plan_.rate},
                                                      {"drop_after", plan_.drop_after},
                                                      {"buckets", network_.lsh.buckets},
                                                      {"chunk", network_.lsh.chunk},
                                                      {"seed", seed_}});
  if (!folder.ok()) return folder.status();
  for (const std::string& attention : attentions_) {
    const absl::Status status = TrainOne(attention, *folder);
    if (absl::IsCancelled(status)) return absl::OkStatus();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace rill::paper
