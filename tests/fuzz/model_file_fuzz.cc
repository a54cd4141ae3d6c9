// ModelFile::Open. Input: the JSON header of a file, whose tensors are zeros, as many as the tiny
// model has; or, if it does not begin with '{', the bytes of a whole file.
#include <algorithm>
#include <string>

#include "model/file/model_file.h"
#include "tests/fuzz/fuzz_target.h"

namespace rill {
namespace {

// Of float32.
size_t TinyModelBytes() {
  size_t bytes = 0;
  for (const TensorSpec& tensor : ModelTensors(*NamedModelConfig("tiny"))) {
    size_t size = sizeof(float);
    for (const int64_t dimension : tensor.shape) size *= dimension;
    bytes += size;
  }
  return bytes;
}

}  // namespace
}  // namespace rill

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rill;
  static auto& file = *new MemoryFile;
  static const size_t kZeros = TinyModelBytes();
  std::string content(reinterpret_cast<const char*>(data), size);
  if (!content.empty() && content[0] == '{') {
    uint64_t length = size;
    content.insert(0, reinterpret_cast<const char*>(&length), sizeof length);
    content.resize(content.size() + kZeros);
  }
  file.Write(content);
  const auto model = ModelFile::Open(file.path());
  if (!model.ok()) {
    Expect(model.status().code() == absl::StatusCode::kInvalidArgument, "the file is at fault");
    return 0;
  }
  Expect((*model)->config().Validate().ok(), "an open model's configuration is in range");
  for (const TensorSpec& tensor : ModelTensors((*model)->config())) {
    Expect((*model)->Shape(tensor.name) == tensor.shape, "every tensor has its shape");
    Expect(!(*model)->Tensor(tensor.name).empty(), "every tensor can be read");
  }
  return 0;
}
