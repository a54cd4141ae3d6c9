#include "model/file/installed_library.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace rill {

absl::StatusOr<std::string> InstalledLibrary(const std::string& name) {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return absl::NotFoundError(absl::StrCat("/proc/self/exe: ", error.message()));
  const std::string path =
      (program.parent_path() / "../lib/rill" / name).lexically_normal().string();
  if (std::filesystem::exists(path, error)) return path;
  return absl::NotFoundError(absl::StrCat("there is no ", path));
}

}  // namespace rill
