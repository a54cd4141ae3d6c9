// FLAC frames, cut anywhere, to mono samples, by libFLAC. Bytes are kept until their frame is
// whole. One object a stream, used by one thread at a time. After an error it must not be called
// again.
//
// libFLAC pulls its input and cannot pause inside a frame: when the bytes run dry it is stopped,
// and starts again at the frame's first byte once there is an eighth more of them, so the work done
// in vain stays a small multiple of the useful work however small the pieces are.
#pragma once

#include <FLAC/stream_decoder.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

// The metadata block STREAMINFO, as far as it is needed.
struct FlacStreamInfo {
  static constexpr size_t kBytes = 34;

  std::array<uint8_t, kBytes> bytes;  // all of it, for libFLAC
  int max_block_samples;
  int sample_rate;
  int channels;
  int bits_per_sample;
  uint64_t total_samples;  // per channel; 0: unknown
};

FlacStreamInfo ParseFlacStreamInfo(absl::Span<const uint8_t> block);

class FlacFrameDecoder {
 public:
  explicit FlacFrameDecoder(const FlacStreamInfo& info);

  absl::Status Accept(absl::Span<const uint8_t> bytes, std::vector<float>* samples);

  // Drops a last frame that is not whole.
  absl::Status Finish(std::vector<float>* samples);

  const FlacStreamInfo& info() const { return info_; }

  // As MonoDecoder's. A frame is decoded from its first byte on, so that libFLAC itself holds
  // nothing that a fresh one would not come to hold.
  void Save(StateWriter& writer) const;
  void Load(StateReader& reader);

 private:
  static FLAC__StreamDecoderReadStatus Read(const FLAC__StreamDecoder*, FLAC__byte* buffer,
                                            size_t* bytes, void* self);
  static FLAC__StreamDecoderTellStatus Tell(const FLAC__StreamDecoder*, FLAC__uint64* position,
                                            void* self);
  static FLAC__StreamDecoderWriteStatus Write(const FLAC__StreamDecoder*, const FLAC__Frame* frame,
                                              const FLAC__int32* const* channels, void* self);
  static void Error(const FLAC__StreamDecoder*, FLAC__StreamDecoderErrorStatus error, void* self);

  void Open();
  absl::Status DecodeFrames(std::vector<float>* samples);
  void DropDecoded(size_t count);

  const FlacStreamInfo info_;
  const size_t max_frame_bytes_;
  const std::unique_ptr<FLAC__StreamDecoder, void (*)(FLAC__StreamDecoder*)> decoder_;
  std::vector<uint8_t> input_;  // from the first byte of the frame to come
  size_t read_ = 0;             // how much of it libFLAC has
  size_t retry_size_ = 0;       // of input_, before which decoding is not tried again
  bool ended_ = false;          // no more bytes will come
  bool ran_dry_ = false;        // libFLAC asked for more than there is, since the frame began
  uint64_t decoded_samples_ = 0;
  std::vector<float>* output_ = nullptr;
  absl::Status status_;
};

}  // namespace rill
