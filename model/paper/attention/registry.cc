#include "model/paper/attention/registry.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "model/paper/attention/linear_attention.h"
#include "model/paper/attention/softmax_attention.h"

namespace rill::paper {
namespace {

constexpr int64_t kMaxRounds = 64;

absl::Status CheckLsh(const LshOptions& lsh) {
  if (lsh.buckets < 1 || (lsh.buckets > 1 && lsh.buckets % 2 != 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--buckets ", lsh.buckets, ": must be 1 or an even number"));
  }
  if (lsh.chunk < 1) {
    return absl::InvalidArgumentError(absl::StrCat("--chunk ", lsh.chunk, ": must be positive"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Attention>> MakeAttention(const std::string& name,
                                                               const LshOptions& lsh) {
  if (name == "softmax") return std::make_shared<SoftmaxAttention>(/*cached=*/false);
  if (name == "softmax-cached") return std::make_shared<SoftmaxAttention>(/*cached=*/true);
  if (name == "sdpa") return std::make_shared<FusedSoftmaxAttention>();
  if (name == "linear") return std::make_shared<LinearAttention>();
  absl::string_view rounds = name;
  LshOptions options = lsh;
  if (absl::ConsumePrefix(&rounds, "lsh-") && absl::SimpleAtoi(rounds, &options.rounds) &&
      options.rounds >= 1 && options.rounds <= kMaxRounds) {
    if (absl::Status status = CheckLsh(options); !status.ok()) return status;
    return std::make_shared<LshAttention>(options);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("attention ", name, ": must be softmax, softmax-cached, sdpa, linear or lsh-N, ",
                   "N rounds from 1 to ", kMaxRounds));
}

}  // namespace rill::paper
