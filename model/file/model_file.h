// A model file: safetensors (an 8-byte little-endian header length, a JSON header, raw tensors)
// whose
// "__metadata__" holds rill's fields. Opened memory-mapped and checked whole: any truncated,
// wrong-shaped or hostile file gives an error that names the field, never a crash. Immutable after
// Open; any thread.
//
// Metadata keys: "rill.format" ("1"), "rill.config" (ModelConfig as JSON); as wanted "rill.name",
// "rill.language", "rill.training_data", "rill.license", "rill.description". Others are kept and
// not looked at.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/file/mapped_file.h"
#include "model/file/model_config.h"
#include "model/file/safetensors.h"
#include "model/file/tensor_names.h"

namespace rill {

inline constexpr char kFormatKey[] = "rill.format";
inline constexpr char kFormat[] = "1";
inline constexpr char kConfigKey[] = "rill.config";

class ModelFile {
 public:
  static absl::StatusOr<std::unique_ptr<ModelFile>> Open(const std::string& path);

  const ModelConfig& config() const { return config_; }
  const std::string& name() const { return name_; }  // "rill.name", else the file's stem
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // SHA-256 of the whole file, lower-case hex: what a stream's exported state names.
  const std::string& hash() const { return hash_; }
  const std::string& path() const { return path_; }

  // One of ModelTensors(config()), as float whatever its type in the file (F32, BF16, F16 or I8);
  // all finite. Open has checked that it is there; a name that is not in the file gives an empty
  // vector.
  std::vector<float> Tensor(const std::string& name) const;
  const std::vector<int64_t>& Shape(const std::string& name) const;  // likewise

 private:
  ModelFile() = default;

  std::string path_;
  std::string hash_;
  std::string name_;
  ModelConfig config_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, SafetensorsEntry> entries_;
  std::unique_ptr<MappedFile> file_;
};

// In a file a tensor NAME of type I8 has another, F32 and as long as NAME's first dimension, beside
// it: each of its rows is to be multiplied with its own.
inline constexpr char kRowScaleSuffix[] = ".row_scale";

// The type of the matrices (TensorSpec) in a file that is written; the rest is float.
enum class MatrixType { kFloat, kBFloat16, kInt8 };

// A tensor to be written.
struct NamedTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;
};

// Writes a model file in one atomic step (temporary file, fsync, rename). Checks all that
// ModelFile::Open checks: the tensors are ModelTensors(config), in any order. Sets "rill.format"
// and "rill.config" itself.
absl::Status WriteModelFile(const std::string& path, const ModelConfig& config,
                            std::map<std::string, std::string> metadata,
                            const std::vector<NamedTensor>& tensors, MatrixType matrices);

// Sets one key of the metadata of the model file at `path`, in one atomic step; all else stays as
// it is.
absl::Status SetModelMetadata(const std::string& path, const std::string& key,
                              const std::string& value);

}  // namespace rill
