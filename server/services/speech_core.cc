#include "server/services/speech_core.h"

#include <atomic>
#include <chrono>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/log.h"
#include "server/services/invalid_field.h"
#include "server/services/shortened.h"
#include "server/services/status.h"

namespace rill::server {
namespace {

constexpr int kMinCheckpointMs = 1000;
constexpr int kMaxCheckpointMs = 600000;
constexpr int kRefusalsLoggedAtOnce = 100;
constexpr int kRefusalsLoggedASecond = 10;
constexpr int kMaxStateBytes = 4 << 20;  // of the largest model shipped, with a full queue

// Unique in this process, and most likely among the processes that write to the same log.
std::string NewStreamId() {
  static const uint32_t process = std::random_device()();
  static std::atomic<uint64_t> count{0};
  return absl::StrFormat("%08x-%06d", process, ++count);
}

// Spread out, so that all the clients refused now do not come back at the same moment.
std::chrono::milliseconds RetryDelay() {
  static std::atomic<uint32_t> count{0};
  return std::chrono::milliseconds(1000 + count++ * 617 % 1000);
}

}  // namespace

SpeechCore::SpeechCore(std::vector<ServedModel> models, const SpeechLimits& limits, Access* access,
                       const StateSeal* seal, SessionRegistry* registry, Executor* executor)
    : models_(std::move(models)),
      limits_(limits),
      access_(access),
      seal_(seal),
      refusals_log_(kRefusalsLoggedAtOnce, kRefusalsLoggedASecond),
      registry_(registry),
      executor_(executor) {}

absl::StatusOr<const ServedModel*> SpeechCore::Find(const std::string& name,
                                                    const std::string& field) const {
  if (name.empty()) return &models_.front();
  std::vector<std::string> names;
  for (const ServedModel& model : models_) {
    if (model.info.name == name) return &model;
    names.push_back(model.info.name);
  }
  return absl::NotFoundError(absl::StrCat(field, ": no model '", Shortened(name),
                                          "'; this server has: ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<SessionOptions> SpeechCore::Options(const OpenRequest& request,
                                                   const ServedModel& model) {
  StreamDefaults defaults;
  defaults.chunk_ms = limits_.default_chunk_ms;
  defaults.decoder = limits_.default_decoder.value_or(
      model.info.has_language_model ? DecoderOptions::Kind::kBeam : DecoderOptions::Kind::kGreedy);
  auto stream = request.options(model.info, defaults);
  if (!stream.ok()) return stream.status();
  SessionOptions options;
  options.stream = *std::move(stream);
  options.stream.interim_results = request.interim_results;
  options.stream.speech_events = request.speech_events;
  options.stream.single_utterance = request.single_utterance;
  options.stream.max_queued_frames = limits_.queue_seconds * 1000 / kFeatureShiftMs;
  options.max_audio_ms =
      int64_t{1000} * (request.recording ? limits_.max_audio_seconds : limits_.max_stream_seconds);
  options.mel_bins = model.info.mel_bins;
  options.log_transcripts = limits_.log_transcripts;
  if (request.checkpoint_ms != 0 &&
      (request.checkpoint_ms < kMinCheckpointMs || request.checkpoint_ms > kMaxCheckpointMs)) {
    return InvalidField("config.checkpoint_ms",
                        absl::StrCat("must be 0 or ", kMinCheckpointMs, " to ", kMaxCheckpointMs,
                                     ", not ", request.checkpoint_ms));
  }
  if (request.checkpoint_ms != 0 && limits_.max_message_bytes < kMaxStateBytes) {
    return absl::FailedPreconditionError(absl::StrCat(
        "config.checkpoint_ms: this server takes no message as large as a stream's state; "
        "--max-message-bytes must be at least ",
        kMaxStateBytes));
  }
  options.checkpoint_ms = request.checkpoint_ms;
  options.resume = request.resume;
  return options;
}

void SpeechCore::Refused(const char* method, const grpc::ServerContextBase& context,
                         const absl::Status& status) {
  refused_.Add(method, status.code());
  const auto left_out = refusals_log_.Next(std::chrono::steady_clock::now());
  if (!left_out) return;
  LogFields fields = {{"method", method},
                      {"peer", context.peer()},
                      {"status", absl::StatusCodeToString(status.code())},
                      {"error", std::string(status.message())}};
  if (*left_out > 0) fields.emplace_back("left_out", *left_out);
  Log(LogLevel::kInfo, "stream_refused", fields);
}

absl::StatusOr<Caller> SpeechCore::Identify(const char* method,
                                            const grpc::ServerContextBase& context) {
  auto caller = access_->Check(context);
  if (!caller.ok()) Refused(method, context, caller.status());
  return caller;
}

absl::StatusOr<std::shared_ptr<Session>> SpeechCore::Admit(const OpenRequest& request,
                                                           const grpc::ServerContextBase& context,
                                                           SessionSink* sink) {
  auto model = Find(request.model, request.model_field);
  if (!model.ok()) return model.status();
  auto options = Options(request, **model);
  if (!options.ok()) return options.status();
  options->identity = {NewStreamId(), request.method, (*model)->info.name, context.peer(),
                       request.caller->name};
  auto lease = quota_.Take(*request.caller);
  if (!lease.ok()) return lease.status();
  return Session::Open({(*model)->engine.get(), registry_, executor_, seal_}, *std::move(options),
                       sink, *std::move(lease));
}

absl::StatusOr<std::shared_ptr<Session>> SpeechCore::Open(const OpenRequest& request,
                                                          const grpc::ServerContextBase& context,
                                                          SessionSink* sink) {
  auto session = Admit(request, context, sink);
  if (session.ok()) return session;
  const absl::Status status =
      request.as_sent ? request.as_sent(session.status()) : session.status();
  Refused(request.method, context, status);
  return absl::IsResourceExhausted(status) ? WithRetryDelay(status, RetryDelay()) : status;
}

}  // namespace rill::server
