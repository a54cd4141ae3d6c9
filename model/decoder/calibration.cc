#include "model/decoder/calibration.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

using nlohmann::json;

constexpr double kUnknownWordLogProb = -9;  // log10
constexpr double kMostLetters = 10;
constexpr double kLeastAgreement = 1e-4;
constexpr double kLastWordMs = 200;
constexpr double kOtherWordMs = 1000;
constexpr double kSamplesPerMs = 16;
constexpr double kMaxWeight = 1e4;
constexpr size_t kMaxJsonBytes = 64 << 10;
constexpr size_t kWeightsWithoutMisspelling = 7;

double Root(double log_prob) { return std::sqrt(std::max(0.0, -log_prob)); }

absl::Status FieldError(const std::string& field, const std::string& problem) {
  return absl::InvalidArgumentError(
      absl::StrCat(CalibrationTable::kMetadataKey, ": ", field, " ", problem));
}

// `fewer`: so many will do; the others are 0.
template <size_t n>
absl::Status ReadWeights(const json& entry, const std::string& name, const char* key, size_t fewer,
                         std::array<double, n>* weights) {
  const std::string field = absl::StrCat(name, ".", key);
  const auto it = entry.find(key);
  if (it == entry.end() || !it->is_array() || (it->size() != n && it->size() != fewer)) {
    return FieldError(field, absl::StrCat("must be ", n, " numbers"));
  }
  for (size_t i = 0; i < it->size(); ++i) {
    if (!(*it)[i].is_number()) return FieldError(field, absl::StrCat("must be ", n, " numbers"));
    (*weights)[i] = (*it)[i].template get<double>();
    if (!(std::abs((*weights)[i]) <= kMaxWeight)) {
      return FieldError(field, absl::StrCat("has a number beyond ", kMaxWeight));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<ConfidenceFeatures> ConfidenceFeaturesOf(const Hypothesis& hypothesis,
                                                     const LanguageModel* model) {
  std::vector<ConfidenceFeatures> features;
  LanguageModel::State state = model == nullptr ? LanguageModel::State() : model->Begin();
  double letters = 0, acoustic = 0, language = 0, misspelling = 0;
  for (const Word& word : hypothesis.words) {
    double log_prob = 0;
    if (model != nullptr) {
      const WordId id = model->lexicon().Find(word.text);
      const bool known = id != kUnknownWord;
      log_prob = known ? model->Score(state, id, &state) : kUnknownWordLogProb;
      if (!known) state = {};
    }
    const double length = static_cast<double>(word.text.size());
    features.push_back({Root(word.evidence.mean_log_prob), Root(word.evidence.least_log_prob),
                        log_prob, std::min(length, kMostLetters), 0, 0,
                        std::sqrt(word.evidence.misspelling), 0});
    letters += length;
    acoustic += length * word.evidence.mean_log_prob;
    language += log_prob;
    misspelling += features.back()[6];
  }
  for (ConfidenceFeatures& word : features) {
    word[4] = Root(acoustic / letters);
    word[5] = language / static_cast<double>(features.size());
    word[7] = misspelling / static_cast<double>(features.size());
  }
  return features;
}

StabilityFeatures StabilityFeaturesOf(const Hypothesis& hypothesis, size_t word, int64_t time) {
  const Word& at = hypothesis.words[word];
  const double agreement = std::clamp<double>(at.agreement, kLeastAgreement, 1 - kLeastAgreement);
  const double age_ms = std::max(0.0, static_cast<double>(time - at.end) / kSamplesPerMs);
  const bool last = word + 1 == hypothesis.words.size();
  return {std::log(agreement / (1 - agreement)), last ? 1.0 : 0.0,
          last ? std::min(1.0, age_ms / kLastWordMs) : 0.0,
          last ? 0.0 : std::min(1.0, age_ms / kOtherWordMs)};
}

double Logistic(absl::Span<const double> weights, absl::Span<const double> features) {
  double sum = weights[0];
  for (size_t i = 0; i < features.size(); ++i) sum += weights[i + 1] * features[i];
  return 1 / (1 + std::exp(-sum));
}

void SetConfidence(const Calibration* calibration, const LanguageModel* model,
                   Hypothesis* hypothesis) {
  if (calibration == nullptr || hypothesis->words.empty()) return;
  const std::vector<ConfidenceFeatures> features = ConfidenceFeaturesOf(*hypothesis, model);
  double sum = 0;
  for (size_t i = 0; i < features.size(); ++i) {
    const double right = Logistic(calibration->confidence, features[i]);
    hypothesis->words[i].confidence = static_cast<float>(right);
    sum += right;
  }
  hypothesis->confidence = static_cast<float>(sum / static_cast<double>(features.size()));
}

void SetStability(const Calibration* calibration, int64_t time, Hypothesis* hypothesis) {
  double sum = 0;
  for (size_t i = 0; i < hypothesis->words.size(); ++i) {
    const float agreement = hypothesis->words[i].agreement;
    const bool settled = agreement == 1;
    sum += settled || calibration == nullptr
               ? agreement
               : Logistic(calibration->stability, StabilityFeaturesOf(*hypothesis, i, time));
  }
  const size_t words = hypothesis->words.size();
  hypothesis->stability = words == 0 ? 0 : static_cast<float>(sum / static_cast<double>(words));
}

absl::StatusOr<CalibrationTable> CalibrationTable::FromJson(const std::string& text) {
  const json object = text.size() > kMaxJsonBytes
                          ? json(json::value_t::discarded)
                          : json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return FieldError("the value", "is not a JSON object");
  CalibrationTable table;
  for (const auto& [name, entry] : object.items()) {
    if (!entry.is_object()) return FieldError(name, "is not a JSON object");
    Calibration calibration;
    absl::Status status =
        ReadWeights(entry, name, "confidence", kWeightsWithoutMisspelling, &calibration.confidence);
    if (status.ok()) {
      status = ReadWeights(entry, name, "stability", calibration.stability.size(),
                           &calibration.stability);
    }
    if (!status.ok()) return status;
    table.Set(name, calibration);
  }
  return table;
}

std::string CalibrationTable::ToJson() const {
  json object = json::object();
  for (const auto& [name, calibration] : entries_) {
    object[name] = {{"confidence", calibration.confidence}, {"stability", calibration.stability}};
  }
  return object.dump();
}

std::string CalibrationTable::Name(bool beam, bool language_model) {
  return absl::StrCat(beam ? "beam" : "greedy", language_model ? "+lm" : "");
}

void CalibrationTable::Set(const std::string& name, const Calibration& calibration) {
  entries_[name] = calibration;
}

const Calibration* CalibrationTable::Find(const std::string& name) const {
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : &it->second;
}

}  // namespace rill
