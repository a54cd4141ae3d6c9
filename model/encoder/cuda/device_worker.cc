#include "model/encoder/cuda/device_worker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/encoder/cuda/cuda_backend.h"

namespace rill::cuda {

using kernels::BFloat16;
using kernels::cuda::ToStatus;

namespace {

constexpr int kLeastFrames = 16;

absl::Status NewStream(Stream* stream) {
  cudaStream_t made = nullptr;
  const cudaError_t error = cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking);
  stream->reset(made);
  return ToStatus(error, "making a stream");
}

template <typename T, kernels::cuda::Memory kMemory>
absl::Status Reserve(size_t size, Buffer<T, kMemory>* buffer) {
  if (size <= buffer->size()) return absl::OkStatus();
  auto larger = Buffer<T, kMemory>::Allocate(size);
  if (!larger.ok()) return larger.status();
  *buffer = *std::move(larger);
  return absl::OkStatus();
}

}  // namespace

int Bucket(int n) {
  int power = 1;
  while (power < n) power *= 2;
  const int between = power / 4 * 3;
  return between >= n ? between : power;
}

std::vector<StepPart> CutStep(absl::Span<const EncoderRow> rows, const StepLimits& limits) {
  std::vector<StepPart> parts(1);
  for (const EncoderRow& row : rows) {
    for (int left = row.frames; left > 0;) {
      const int room = limits.frames - parts.back().frames;
      const int taken = left <= room ? left : room / row.chunk_frames * row.chunk_frames;
      if (taken == 0 || static_cast<int>(parts.back().rows.size()) == limits.rows) {
        parts.emplace_back();
        continue;
      }
      parts.back().rows.push_back({row.slot, row.chunk_frames, taken});
      parts.back().frames += taken;
      left -= taken;
    }
  }
  return parts;
}

template <typename T>
absl::StatusOr<std::unique_ptr<DeviceWorker<T>>> DeviceWorker<T>::Create(
    const DeviceEncoder<T>* encoder, const Device& device, int slots) {
  std::unique_ptr<DeviceWorker> worker(new DeviceWorker(encoder, device, slots));
  if (absl::Status status = worker->Allocate(); !status.ok()) return status;
  if (absl::Status status = worker->TryStep(); !status.ok()) return status;
  return worker;
}

template <typename T>
DeviceWorker<T>::~DeviceWorker() {
  cudaSetDevice(device_.index);
  if (stream_ != nullptr) cudaStreamSynchronize(stream_.get());
}

template <typename T>
absl::Status DeviceWorker<T>::Allocate() {
  absl::Status status = ToStatus(cudaSetDevice(device_.index), "choosing the device");
  if (!status.ok()) return status;
  const ModelConfig& config = encoder_->config();
  const auto reserve = [&status](auto* buffer, int64_t size) {
    if (status.ok()) status = Reserve(static_cast<size_t>(size), buffer);
  };
  const int64_t most_frames = encoder_->limits().frames;
  reserve(&row_values_, row_values());
  reserve(&features_, kFeatureFramesPerFrame * most_frames * config.mel_bins);
  reserve(&patches_, most_frames * config.front_bins() * 9 * config.front_channels1);
  reserve(&level2_, most_frames * config.front_bins() * config.front_channels2);
  reserve(&residual_, most_frames * config.width);
  reserve(&normed_, most_frames * config.width);
  reserve(&wide_, most_frames * encoder_->wide_width());
  reserve(&mixed_, most_frames * config.attention_width());
  reserve(&convolved_, most_frames * config.width);
  reserve(&branch_, most_frames * config.width);
  reserve(&last_, most_frames * config.width);
  reserve(&log_probs_, most_frames * config.vocab_size());
  if (status.ok()) status = NewStream(&stream_);
  if (status.ok()) status = NewStream(&copies_);
  if (!status.ok()) return status;

  size_t free = 0, total = 0;
  status = ToStatus(cudaMemGetInfo(&free, &total), "asking for free memory");
  if (!status.ok()) return status;
  const size_t slot_bytes = static_cast<size_t>(encoder_->layout().total) * sizeof(float);
  const size_t slots = static_cast<size_t>(pool_.slots());
  reserve(&arena_, encoder_->layout().total * pool_.slots());
  if (absl::IsResourceExhausted(status)) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "%d streams need %d MB of state, and %s has %d MB free, for %d streams", slots,
        slots * slot_bytes / 1000000, device_.name, free / 1000000, free / slot_bytes));
  }
  if (!status.ok()) return status;

  arrays_.slots = row_values_.data();
  arrays_.starts = row_values_.data() + starts_at();
  arrays_.chunks = row_values_.data() + chunks_at();
  arrays_.features = features_.data();
  arrays_.arena = arena_.data();
  arrays_.patches = patches_.data();
  arrays_.level2 = level2_.data();
  arrays_.residual = residual_.data();
  arrays_.normed = normed_.data();
  arrays_.wide = wide_.data();
  arrays_.mixed = mixed_.data();
  arrays_.convolved = convolved_.data();
  arrays_.branch = branch_.data();
  arrays_.last = last_.data();
  arrays_.log_probs = log_probs_.data();
  return absl::OkStatus();
}

// Without a graph: what a kernel or a product brings to the device when it is first used must not
// be brought while a graph is recorded.
template <typename T>
absl::Status DeviceWorker<T>::TryStep() {
  std::vector<int32_t> values(static_cast<size_t>(row_values()), 0);
  values[0] = -1;
  values[static_cast<size_t>(starts_at()) + 1] = kLeastFrames;
  absl::Status status =
      ToStatus(cudaMemcpy(row_values_.data(), values.data(), values.size() * sizeof(int32_t),
                          cudaMemcpyHostToDevice),
               "copying to the device");
  if (status.ok()) status = encoder_->Queue(1, kLeastFrames, arrays_, stream_.get());
  const absl::Status done = ToStatus(cudaStreamSynchronize(stream_.get()), "a first step");
  return status.ok() ? done : status;
}

template <typename T>
float* DeviceWorker<T>::SlotAt(int slot) const {
  return arena_.data() + slot * encoder_->layout().total;
}

template <typename T>
absl::Status DeviceWorker<T>::Copy(void* to, const void* from, cudaMemcpyKind kind) {
  const std::lock_guard lock(copy_mutex_);
  cudaError_t error = cudaSetDevice(device_.index);
  const size_t bytes = static_cast<size_t>(encoder_->layout().total) * sizeof(float);
  if (error == cudaSuccess) error = cudaMemcpyAsync(to, from, bytes, kind, copies_.get());
  if (error == cudaSuccess) error = cudaStreamSynchronize(copies_.get());
  return ToStatus(error, "copying a stream's state");
}

template <typename T>
absl::StatusOr<int> DeviceWorker<T>::Acquire() {
  const absl::StatusOr<int> slot = pool_.Acquire();
  if (!slot.ok()) return slot;
  const absl::Status status =
      Copy(SlotAt(*slot), encoder_->initial_state().data(), cudaMemcpyDeviceToDevice);
  if (status.ok()) return slot;
  pool_.Release(*slot);
  return status;
}

template <typename T>
absl::Status DeviceWorker<T>::ReadState(int slot, absl::Span<float> state) {
  return Copy(state.data(), SlotAt(slot), cudaMemcpyDeviceToHost);
}

template <typename T>
absl::Status DeviceWorker<T>::WriteState(int slot, absl::Span<const float> state) {
  return Copy(SlotAt(slot), state.data(), cudaMemcpyHostToDevice);
}

template <typename T>
absl::Status DeviceWorker<T>::Stage(absl::Span<const EncoderRow> rows, size_t parts,
                                    int64_t frames) {
  const int64_t frame_floats = int64_t{kFeatureFramesPerFrame} * encoder_->config().mel_bins;
  absl::Status status = Reserve(parts * static_cast<size_t>(row_values()), &staged_rows_);
  if (status.ok()) {
    status = Reserve(static_cast<size_t>(frames * frame_floats), &staged_features_);
  }
  if (status.ok()) {
    status =
        Reserve(static_cast<size_t>(frames * encoder_->config().vocab_size()), &staged_log_probs_);
  }
  if (!status.ok()) return status;
  float* to = staged_features_.data();
  for (const EncoderRow& row : rows) {
    to = std::copy_n(row.features, row.frames * frame_floats, to);
  }
  return status;
}

template <typename T>
absl::StatusOr<cudaGraphExec_t> DeviceWorker<T>::GraphOf(int rows, int frames) {
  Graph& graph = graphs_[{rows, frames}];
  if (graph != nullptr) return graph.get();
  cudaStream_t stream = stream_.get();
  // Other threads may go on copying states.
  absl::Status status = ToStatus(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
                                 "recording a graph");
  if (!status.ok()) return status;
  status = encoder_->Queue(rows, frames, arrays_, stream);
  cudaGraph_t recorded = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream, &recorded);
  if (status.ok()) status = ToStatus(ended, "recording a graph");
  cudaGraphExec_t made = nullptr;
  if (status.ok()) status = ToStatus(cudaGraphInstantiate(&made, recorded, 0), "making a graph");
  if (recorded != nullptr) cudaGraphDestroy(recorded);
  if (!status.ok()) return status;
  graph.reset(made);
  return made;
}

template <typename T>
absl::Status DeviceWorker<T>::Queue(const StepPart& part, int32_t* values, const float* features,
                                    float* log_probs) {
  const int used = static_cast<int>(part.rows.size());
  const int rows = Bucket(used) + 1, frames = Bucket(std::max(part.frames, kLeastFrames));
  int32_t* const slots = values;
  int32_t* const starts = values + starts_at();
  int32_t* const chunks = values + chunks_at();
  starts[0] = 0;
  for (int r = 0; r < rows; ++r) {
    // The padding's frames, spread over its rows.
    const int padding = frames - part.frames;
    const StepPart::Row row =
        r < used
            ? part.rows[r]
            : StepPart::Row{-1, 1, padding / (rows - used) + (r - used < padding % (rows - used))};
    slots[r] = row.slot;
    chunks[r] = row.chunk_frames;
    starts[r + 1] = starts[r] + row.frames;
  }

  const absl::StatusOr<cudaGraphExec_t> graph = GraphOf(rows, frames);
  if (!graph.ok()) return graph.status();
  const size_t feature_bytes = sizeof(float) * part.frames * kFeatureFramesPerFrame *
                               static_cast<size_t>(encoder_->config().mel_bins);
  const size_t log_prob_bytes =
      sizeof(float) * part.frames * static_cast<size_t>(encoder_->config().vocab_size());
  cudaStream_t stream = stream_.get();
  cudaError_t error = cudaMemcpyAsync(row_values_.data(), values, row_values() * sizeof(int32_t),
                                      cudaMemcpyHostToDevice, stream);
  if (error == cudaSuccess) {
    error =
        cudaMemcpyAsync(features_.data(), features, feature_bytes, cudaMemcpyHostToDevice, stream);
  }
  if (error == cudaSuccess) error = cudaGraphLaunch(*graph, stream);
  if (error == cudaSuccess) {
    error = cudaMemcpyAsync(log_probs, log_probs_.data(), log_prob_bytes, cudaMemcpyDeviceToHost,
                            stream);
  }
  return ToStatus(error, "starting a step");
}

template <typename T>
absl::Status DeviceWorker<T>::Step(absl::Span<const EncoderRow> rows, float* log_probs) {
  absl::Status status = ToStatus(cudaSetDevice(device_.index), "choosing the device");
  if (!status.ok()) return status;
  const std::vector<StepPart> parts = CutStep(rows, encoder_->limits());
  int64_t total = 0;
  for (const StepPart& part : parts) total += part.frames;
  if (total == 0) return status;
  status = Stage(rows, parts.size(), total);

  const int64_t feature_floats = int64_t{kFeatureFramesPerFrame} * encoder_->config().mel_bins;
  const int64_t vocab = encoder_->config().vocab_size();
  int64_t done = 0;
  for (size_t i = 0; i < parts.size() && status.ok(); ++i) {
    status = Queue(parts[i], staged_rows_.data() + i * static_cast<size_t>(row_values()),
                   staged_features_.data() + done * feature_floats,
                   staged_log_probs_.data() + done * vocab);
    done += parts[i].frames;
  }
  // Also after an error: what was started still uses the memory.
  const absl::Status finished = ToStatus(cudaStreamSynchronize(stream_.get()), "a step");
  if (status.ok()) status = finished;
  if (status.ok()) std::copy_n(staged_log_probs_.data(), total * vocab, log_probs);
  return status;
}

template class DeviceWorker<float>;
template class DeviceWorker<BFloat16>;

}  // namespace rill::cuda
