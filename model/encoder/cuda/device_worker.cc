#include "model/encoder/cuda/device_worker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/encoder/cuda/cuda_backend.h"

namespace rill::cuda {

using kernels::BFloat16;
using kernels::cuda::ToStatus;

namespace {

absl::Status NewStream(Stream* stream) {
  cudaStream_t made = nullptr;
  const cudaError_t error = cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking);
  stream->reset(made);
  return ToStatus(error, "making a stream");
}

// Makes the buffer as large as that, if it is smaller.
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
    const DeviceEncoder<T>* encoder, const Device& device, int slots, const DeviceShare& share) {
  std::unique_ptr<DeviceWorker> worker(new DeviceWorker(encoder, device, slots));
  if (absl::Status status = worker->Allocate(share); !status.ok()) return status;
  if (absl::Status status = worker->TryStep(); !status.ok()) return status;
  return worker;
}

template <typename T>
DeviceWorker<T>::~DeviceWorker() {
  cudaSetDevice(device_.index);
  if (stream_ != nullptr) cudaStreamSynchronize(stream_.get());
}

template <typename T>
size_t DeviceWorker<T>::state_bytes() const {
  return static_cast<size_t>(encoder_->layout().total) * sizeof(float);
}

template <typename T>
StepLimits DeviceWorker<T>::limits() const {
  return {std::min(encoder_->limits().rows, residency_->device_slots()), encoder_->limits().frames};
}

template <typename T>
absl::Status DeviceWorker<T>::Allocate(const DeviceShare& share) {
  absl::Status status = ToStatus(cudaSetDevice(device_.index), "choosing the device");
  const ModelConfig& config = encoder_->config();
  size_t taken = 0;
  const auto reserve = [&](auto* buffer, int64_t size) {
    if (status.ok()) status = Reserve(static_cast<size_t>(size), buffer);
    taken += static_cast<size_t>(size) * sizeof(*buffer->data());
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
  reserve(&log_probs_, most_frames * config.outputs());
  if (status.ok()) status = NewStream(&stream_);
  if (status.ok()) status = NewStream(&recorder_);
  if (!status.ok()) return status;
  const size_t fit = (share.bytes - std::min(taken, share.bytes)) / state_bytes();
  const size_t most = static_cast<size_t>(std::min(pool_.slots(), share.device_slots));
  status = AllocateStates(static_cast<int>(std::min(fit, most)));
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

template <typename T>
absl::Status DeviceWorker<T>::AllocateStates(int device_slots) {
  const auto megabytes = [this](int states) { return states * state_bytes() / 1000000; };
  const auto no_memory = [&] {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "%s has no memory for the states of %d streams (%d MB); other models or programs have it, "
        "or --device-streams is too high",
        device_.name, std::max(device_slots, 1), megabytes(std::max(device_slots, 1))));
  };
  if (device_slots < 1) return no_memory();
  residency_ = std::make_unique<Residency>(pool_.slots(), device_slots);
  const size_t floats = static_cast<size_t>(encoder_->layout().total);
  const size_t host_slots = static_cast<size_t>(residency_->host_slots());
  absl::Status status = Reserve(floats * static_cast<size_t>(device_slots), &arena_);
  if (absl::IsResourceExhausted(status)) return no_memory();
  if (status.ok()) status = Reserve(floats, &staged_state_);
  if (status.ok()) status = Reserve(floats * host_slots, &host_states_);
  if (absl::IsResourceExhausted(status)) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "of %d streams, %s has memory for the states of %d, and the host has no %d MB of pinned "
        "memory for the others': --max-streams is too high",
        pool_.slots(), device_.name, device_slots, megabytes(residency_->host_slots())));
  }
  return status;
}

// Without a graph: what a kernel or a product brings to the device when it is first used must not
// be brought while a graph is recorded.
template <typename T>
absl::Status DeviceWorker<T>::TryStep() {
  std::vector<int32_t> values(static_cast<size_t>(row_values()), 0);
  values[0] = -1;
  values[static_cast<size_t>(starts_at()) + 1] = kLeastFrames;
  absl::Status status =
      ToStatus(cudaMemcpyAsync(row_values_.data(), values.data(), values.size() * sizeof(int32_t),
                               cudaMemcpyHostToDevice, stream_.get()),
               "copying to the device");
  if (status.ok()) status = encoder_->Queue(1, kLeastFrames, arrays_, stream_.get());
  const absl::Status done = ToStatus(cudaStreamSynchronize(stream_.get()), "a first step");
  return status.ok() ? done : status;
}

template <typename T>
absl::StatusOr<int> DeviceWorker<T>::Acquire() {
  const std::lock_guard lock(mutex_);
  if (!lost_.ok()) return lost_;
  return pool_.Acquire();
}

template <typename T>
void DeviceWorker<T>::Release(int slot) {
  const std::lock_guard lock(mutex_);
  residency_->Forget(slot);
  pool_.Release(slot);
}

template <typename T>
float* DeviceWorker<T>::StateOf(int slot) const {
  return arena_.data() + residency_->device_slot(slot) * encoder_->layout().total;
}

template <typename T>
absl::Status DeviceWorker<T>::Lose(const absl::Status& status) {
  lost_ = absl::InternalError(status.message());
  return lost_;
}

template <typename T>
absl::Status DeviceWorker<T>::Bring(absl::Span<const int> slots) {
  if (!lost_.ok()) return lost_;
  using Kind = Residency::Move::Kind;
  const auto copy = [this](float* to, const float* from, cudaMemcpyKind kind) {
    return cudaMemcpyAsync(to, from, state_bytes(), kind, stream_.get());
  };
  const int64_t floats = encoder_->layout().total;
  for (const Residency::Move& move : residency_->Bring(slots)) {
    float* const on_device = arena_.data() + move.device_slot * floats;
    cudaError_t error;
    if (move.kind == Kind::kStart) {
      error = copy(on_device, encoder_->initial_state().data(), cudaMemcpyDeviceToDevice);
    } else {
      float* const on_host = host_states_.data() + move.host_slot * floats;
      error = move.kind == Kind::kIn ? copy(on_device, on_host, cudaMemcpyHostToDevice)
                                     : copy(on_host, on_device, cudaMemcpyDeviceToHost);
    }
    // Nobody knows any more which states are where.
    if (error != cudaSuccess) return Lose(ToStatus(error, "moving a stream's state"));
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status DeviceWorker<T>::Finish(absl::string_view what) {
  const absl::Status status = ToStatus(cudaStreamSynchronize(stream_.get()), what);
  if (status.ok()) return status;
  const std::lock_guard lock(mutex_);
  return Lose(status);
}

template <typename T>
absl::Status DeviceWorker<T>::CopyState(int slot, cudaMemcpyKind kind) {
  constexpr char kWhat[] = "copying a stream's state";
  absl::Status status = ToStatus(cudaSetDevice(device_.index), "choosing the device");
  if (!status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    status = Bring({&slot, 1});
    if (!status.ok()) return status;
    const bool is_read = kind == cudaMemcpyDeviceToHost;
    float* const staged = staged_state_.data();
    float* const state = StateOf(slot);
    status = ToStatus(cudaMemcpyAsync(is_read ? staged : state, is_read ? state : staged,
                                      state_bytes(), kind, stream_.get()),
                      kWhat);
  }
  const absl::Status finished = Finish(kWhat);
  return status.ok() ? finished : status;
}

template <typename T>
absl::Status DeviceWorker<T>::ReadState(int slot, absl::Span<float> state) {
  const std::lock_guard lock(copy_mutex_);
  const absl::Status status = CopyState(slot, cudaMemcpyDeviceToHost);
  if (status.ok()) std::copy_n(staged_state_.data(), state.size(), state.begin());
  return status;
}

template <typename T>
absl::Status DeviceWorker<T>::WriteState(int slot, absl::Span<const float> state) {
  const std::lock_guard lock(copy_mutex_);
  std::copy(state.begin(), state.end(), staged_state_.data());
  return CopyState(slot, cudaMemcpyHostToDevice);
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
        Reserve(static_cast<size_t>(frames * encoder_->config().outputs()), &staged_log_probs_);
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
  cudaStream_t stream = recorder_.get();
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
  const absl::StatusOr<cudaGraphExec_t> graph = GraphOf(rows, frames);
  if (!graph.ok()) return graph.status();

  part_slots_.clear();
  for (const StepPart::Row& row : part.rows) part_slots_.push_back(row.slot);
  const std::lock_guard lock(mutex_);
  if (absl::Status status = Bring(part_slots_); !status.ok()) return status;

  int32_t* const slots = values;
  int32_t* const starts = values + starts_at();
  int32_t* const chunks = values + chunks_at();
  const int padding = frames - part.frames;  // frames, spread over the padding's rows
  starts[0] = 0;
  for (int r = 0; r < rows; ++r) {
    const bool is_used = r < used;
    slots[r] = is_used ? residency_->device_slot(part.rows[r].slot) : -1;
    chunks[r] = is_used ? part.rows[r].chunk_frames : 1;
    starts[r + 1] =
        starts[r] + (is_used ? part.rows[r].frames
                             : padding / (rows - used) + (r - used < padding % (rows - used)));
  }

  const size_t feature_bytes = sizeof(float) * part.frames * kFeatureFramesPerFrame *
                               static_cast<size_t>(encoder_->config().mel_bins);
  const size_t log_prob_bytes =
      sizeof(float) * part.frames * static_cast<size_t>(encoder_->config().outputs());
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
  const std::vector<StepPart> parts = CutStep(rows, limits());
  int64_t total = 0;
  for (const StepPart& part : parts) total += part.frames;
  if (total == 0) return status;
  status = Stage(rows, parts.size(), total);

  const int64_t feature_floats = int64_t{kFeatureFramesPerFrame} * encoder_->config().mel_bins;
  const int64_t vocab = encoder_->config().outputs();
  int64_t done = 0;
  for (size_t i = 0; i < parts.size() && status.ok(); ++i) {
    status = Queue(parts[i], staged_rows_.data() + i * static_cast<size_t>(row_values()),
                   staged_features_.data() + done * feature_floats,
                   staged_log_probs_.data() + done * vocab);
    done += parts[i].frames;
  }
  // Also after an error: what was started still uses the memory.
  const absl::Status finished = Finish("a step");
  if (status.ok()) status = finished;
  if (status.ok()) std::copy_n(staged_log_probs_.data(), total * vocab, log_probs);
  return status;
}

template class DeviceWorker<float>;
template class DeviceWorker<BFloat16>;

}  // namespace rill::cuda
