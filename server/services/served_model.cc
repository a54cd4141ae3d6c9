#include "server/services/served_model.h"

#include "model/file/tensor_names.h"

namespace rill::server {
namespace {

std::string Metadata(const ModelFile& model, const std::string& key) {
  const auto it = model.metadata().find(key);
  return it == model.metadata().end() ? std::string() : it->second;
}

}  // namespace

ModelInfo DescribeModel(const Recognizer& recognizer) {
  const ModelFile& model = recognizer.model();
  ModelInfo info;
  info.name = model.name();
  info.language = Metadata(model, "rill.language");
  info.description = Metadata(model, "rill.description");
  info.license = Metadata(model, "rill.license");
  info.hash = model.hash();
  info.parameters = ParameterCount(model.config());
  info.state_bytes_per_stream = static_cast<int64_t>(recognizer.state_bytes_per_stream());
  info.mel_bins = model.config().mel_bins;
  info.has_language_model = recognizer.language_model() != nullptr;
  return info;
}

}  // namespace rill::server
