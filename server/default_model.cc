#include "server/default_model.h"

#include <algorithm>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace rill::server {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> FilesIn(const fs::path& folder, const char* extension) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == extension) files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<fs::path> ModelFolders() {
  std::vector<fs::path> folders;
  std::error_code error;
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    folders.push_back(binary.parent_path().parent_path() / "share" / "rill" / "models");
  }
  folders.push_back(RILL_SOURCE_MODEL_DIR);
  return folders;
}

absl::StatusOr<std::string> FindDefaultModel(const std::vector<fs::path>& folders) {
  std::string looked;
  for (const fs::path& folder : folders) {
    const std::vector<fs::path> files = FilesIn(folder, ".safetensors");
    if (files.size() == 1) return files.front().string();
    for (const fs::path& file : files) {
      if (file.filename() == "default.safetensors") return file.string();
    }
    if (!files.empty()) {
      return absl::NotFoundError(absl::StrCat("--model: there are several models in ",
                                              folder.string(), "; name one, e.g. --model ",
                                              files.front().string()));
    }
    absl::StrAppend(&looked, looked.empty() ? "" : ", ", folder.string());
  }
  return absl::NotFoundError(absl::StrCat("--model: not given, and no *.safetensors in ", looked));
}

absl::StatusOr<std::string> FindLanguageModel(const std::string& model_path) {
  const fs::path folder = fs::path(model_path).parent_path();
  const std::vector<fs::path> files = FilesIn(folder.empty() ? "." : folder, ".rlm");
  if (files.empty()) return std::string();
  if (files.size() == 1) return files.front().string();
  return absl::NotFoundError(absl::StrCat("--language-model: there are several beside ", model_path,
                                          "; name one, e.g. --language-model ",
                                          files.front().string(), ", or none"));
}

}  // namespace rill::server
