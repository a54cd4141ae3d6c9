#include "server/metrics/metrics_page.h"

#include <initializer_list>
#include <limits>
#include <utility>

#include "server/metrics/process_metrics.h"
#include "server/security/tls.h"

namespace rill::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

MetricFamily Family(const char* name, const char* help, MetricType type) {
  return {name, help, type, {}};
}

void Add(MetricFamily* family, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = value;
  metric.gauge.value = value;
  family->metric.push_back(std::move(metric));
}

MetricFamily Single(const char* name, const char* help, MetricType type, double value,
                    Labels labels = {}) {
  MetricFamily family = Family(name, help, type);
  Add(&family, std::move(labels), value);
  return family;
}

// Of every model, one number.
template <class Value>
MetricFamily EachModel(const std::vector<ServedModel>& models, const char* name, const char* help,
                       MetricType type, Value value) {
  MetricFamily family = Family(name, help, type);
  for (const ServedModel& model : models) {
    Add(&family, {{"model", model.info.name}}, static_cast<double>(value(model)));
  }
  return family;
}

// Of every model, one histogram.
MetricFamily EachModel(const std::vector<ServedModel>& models, const char* name, const char* help,
                       const Histogram EngineMetrics::*histogram) {
  MetricFamily family = Family(name, help, MetricType::Histogram);
  for (const ServedModel& model : models) {
    const Histogram::Snapshot snapshot = (model.engine->metrics().*histogram).Take();
    ClientMetric metric;
    metric.label = {{"model", model.info.name}};
    uint64_t count = 0;
    for (size_t i = 0; i < snapshot.counts.size(); ++i) {
      count += snapshot.counts[i];
      const bool last = i == snapshot.bounds.size();
      metric.histogram.bucket.push_back(
          {count, last ? std::numeric_limits<double>::infinity() : snapshot.bounds[i]});
    }
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = snapshot.sum;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

void Add(MetricFamily* family, const CallCounts& counts, const Labels& labels) {
  for (const auto& [key, count] : counts.Take()) {
    Labels all = labels;
    all.push_back({"method", key.first});
    all.push_back({"code", absl::StatusCodeToString(key.second)});
    Add(family, std::move(all), static_cast<double>(count));
  }
}

std::vector<MetricFamily> OfModels(const std::vector<ServedModel>& models) {
  MetricFamily info = Family("rill_model_info", "The models served.", MetricType::Gauge);
  MetricFamily ended =
      Family("rill_streams_total", "Streams that ended, by status.", MetricType::Counter);
  for (const ServedModel& model : models) {
    Add(&info,
        {{"model", model.info.name}, {"hash", model.info.hash}, {"language", model.info.language}},
        1);
    Add(&ended, model.engine->metrics().ended, {{"model", model.info.name}});
  }
  const auto metrics = [](const ServedModel& model) -> const EngineMetrics& {
    return model.engine->metrics();
  };
  using M = const ServedModel&;
  return {
      std::move(info),
      EachModel(models, "rill_streams_open", "Streams that are open now.", MetricType::Gauge,
                [](M model) { return model.engine->open_streams(); }),
      EachModel(models, "rill_slots", "Streams that may be open.", MetricType::Gauge,
                [](M model) { return model.engine->max_streams(); }),
      EachModel(
          models, "rill_state_bytes", "State of the streams that are open now.", MetricType::Gauge,
          [](M model) { return model.engine->open_streams() * model.info.state_bytes_per_stream; }),
      std::move(ended),
      EachModel(models, "rill_audio_seconds_total", "Audio recognised.", MetricType::Counter,
                [&](M model) { return static_cast<double>(metrics(model).audio_ms) / 1000; }),
      EachModel(models, "rill_words_total", "Final words.", MetricType::Counter,
                [&](M model) { return metrics(model).words.load(); }),
      EachModel(models, "rill_checkpoints_total", "States of streams sent to their clients.",
                MetricType::Counter, [&](M model) { return metrics(model).checkpoints.load(); }),
      EachModel(models, "rill_checkpoint_bytes_total", "Their bytes.", MetricType::Counter,
                [&](M model) { return metrics(model).checkpoint_bytes.load(); }),
      EachModel(models, "rill_streams_resumed_total",
                "Streams that went on here from a checkpoint.", MetricType::Counter,
                [&](M model) { return metrics(model).resumed.load(); }),
      EachModel(models, "rill_step_seconds", "A step of the model.", &EngineMetrics::step_seconds),
      EachModel(models, "rill_step_streams", "Streams in a step of the model.",
                &EngineMetrics::step_streams),
      EachModel(models, "rill_queue_seconds",
                "From a stream having something for the model to the step that takes it.",
                &EngineMetrics::queue_seconds),
      EachModel(models, "rill_result_seconds",
                "From a stream having something for the model to the results.",
                &EngineMetrics::result_seconds),
      EachModel(models, "rill_first_word_seconds",
                "From the beginning of a stream to its first words.",
                &EngineMetrics::first_word_seconds),
      EachModel(models, "rill_finish_seconds",
                "From the end of a stream's audio to its last results.",
                &EngineMetrics::finish_seconds),
  };
}

}  // namespace

MetricsPage::MetricsPage(const SpeechCore* core, const std::atomic<bool>* ready,
                         std::string cert_file)
    : core_(core), ready_(ready), cert_file_(std::move(cert_file)) {}

std::vector<MetricFamily> MetricsPage::Collect() const {
  std::vector<MetricFamily> families = OfModels(core_->models());
  families.push_back(Single("rill_build_info", "The version of the server.", MetricType::Gauge, 1,
                            {{"version", RILL_VERSION}}));
  families.push_back(Single("rill_ready", "1: takes streams. 0: is starting, or drains.",
                            MetricType::Gauge, *ready_ ? 1 : 0));
  MetricFamily refused = Family("rill_calls_refused_total", "Calls that got no stream, by status.",
                                MetricType::Counter);
  Add(&refused, core_->refused(), {});
  families.push_back(std::move(refused));
  if (!cert_file_.empty()) {
    if (const auto end = CertificateExpiry(cert_file_); end.ok()) {
      families.push_back(Single("rill_certificate_expiry_timestamp_seconds",
                                "The end of the server's certificate, in seconds since 1970.",
                                MetricType::Gauge, static_cast<double>(*end)));
    }
  }
  for (MetricFamily& family : ProcessMetrics()) families.push_back(std::move(family));
  return families;
}

}  // namespace rill::server
