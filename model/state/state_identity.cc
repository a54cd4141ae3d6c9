#include "model/state/state_identity.h"

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

constexpr char kMagic[] = "rill stream state";
// Goes up with every change of what any Save writes or of what it means.
constexpr uint32_t kVersion = 6;
constexpr size_t kMaxHashBytes = 64;

absl::Status CheckHash(absl::string_view what, const std::string& state, const std::string& here) {
  if (state == here) return absl::OkStatus();
  const auto name = [&what](const std::string& hash) {
    return hash.empty() ? absl::StrCat("without a ", what)
                        : absl::StrCat("with the ", what, " ", hash.substr(0, 12));
  };
  return absl::FailedPreconditionError(
      absl::StrCat("state: of a stream ", name(state), "; this server works ", name(here)));
}

}  // namespace

void StateIdentity::Save(StateWriter& writer) const {
  writer.WriteString(kMagic);
  writer.Write(kVersion);
  writer.WriteString(model_hash);
  writer.WriteString(language_model_hash);
}

absl::Status StateIdentity::Check(StateReader& reader) const {
  reader.Require(reader.ReadString(sizeof(kMagic) - 1, "beginning") == kMagic, "beginning");
  const uint32_t version = reader.Read<uint32_t>();
  if (reader.ok() && version != kVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("state: has version ", version, "; this server reads version ", kVersion));
  }
  const std::string model = reader.ReadString(kMaxHashBytes, "model hash");
  const std::string language_model = reader.ReadString(kMaxHashBytes, "language model hash");
  if (!reader.ok()) return reader.status();
  absl::Status status = CheckHash("model", model, model_hash);
  if (status.ok()) status = CheckHash("language model", language_model, language_model_hash);
  return status;
}

}  // namespace rill
