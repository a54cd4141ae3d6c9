#include "model/paper/speech/phone_manifests.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "model/file/atomic_file.h"
#include "model/training/data/manifest.h"

namespace rill::paper {

absl::StatusOr<PhoneManifests> WritePhoneManifests(const std::vector<std::string>& paths,
                                                   const PhoneDictionary& dictionary,
                                                   const std::string& folder) {
  const auto manifests = training::ReadManifests(paths);
  if (!manifests.ok()) return manifests.status();
  PhoneManifests result;
  result.folder = folder;
  for (const training::Manifest& manifest : *manifests) {
    std::string text = "path\tspeaker\tseconds\ttext\n";
    int64_t clips = 0;
    for (const training::ManifestClip& clip : manifest.clips) {
      const std::optional<std::string> phones = dictionary.Spell(clip.text);
      if (!phones.has_value()) continue;
      absl::StrAppend(&text, std::filesystem::absolute(manifest.AudioPath(clip)).string(), "\t",
                      clip.speaker, "\t", clip.seconds, "\t", *phones, "\n");
      ++clips;
    }
    if (clips == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(manifest.file, ": every clip has a word that is not in the dictionary"));
    }
    result.clips += clips;
    result.left_out += static_cast<int64_t>(manifest.clips.size()) - clips;
    const std::filesystem::path target = std::filesystem::path(folder) / manifest.name;
    std::error_code error;
    std::filesystem::create_directories(target, error);
    AtomicFile file((target / "manifest.tsv").string());
    if (absl::Status status = file.Open(); !status.ok()) return status;
    if (absl::Status status = file.Write(text); !status.ok()) return status;
    if (absl::Status status = file.Commit(); !status.ok()) return status;
  }
  return result;
}

}  // namespace rill::paper
