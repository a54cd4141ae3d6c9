#include "model/audio/audio_decoder.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "model/audio/flac_decoder.h"
#include "model/audio/header_bytes.h"
#include "model/audio/mono_decoder.h"
#include "model/audio/pcm_decoder.h"
#include "model/audio/resampler.h"
#include "model/audio/wav_decoder.h"

namespace rill {
namespace {

constexpr size_t kMagicBytes = 4;
// Bytes are decoded and resampled in slices, since a slice of FLAC can stand for 20,000 times as
// much audio.
constexpr size_t kSliceBytes = 4096;
// What one call may give: any PCM, but of FLAC not the years of silence that fit in a message.
constexpr size_t kMaxSamplesPerByte = 16;
constexpr size_t kMaxSecondsPerCall = 1800;
// Of a saved error.
constexpr int kMaxStatusCode = static_cast<int>(absl::StatusCode::kUnauthenticated);
constexpr size_t kMaxMessageBytes = 4096;

std::unique_ptr<MonoDecoder> MakeMonoDecoder(AudioEncoding encoding, const AudioFormat& format) {
  const int channels = std::max(format.channels, 1);
  switch (encoding) {
    case AudioEncoding::kLinear16:
      return std::make_unique<PcmDecoder>(SampleFormat::kSigned16, channels, format.sample_rate);
    case AudioEncoding::kFloat32:
      return std::make_unique<PcmDecoder>(SampleFormat::kFloat32, channels, format.sample_rate);
    case AudioEncoding::kMuLaw:
      return std::make_unique<PcmDecoder>(SampleFormat::kMuLaw, channels, format.sample_rate);
    case AudioEncoding::kALaw:
      return std::make_unique<PcmDecoder>(SampleFormat::kALaw, channels, format.sample_rate);
    case AudioEncoding::kWav:
      return std::make_unique<WavDecoder>(format);
    case AudioEncoding::kFlac:
      return std::make_unique<FlacDecoder>(format);
    case AudioEncoding::kAuto:
      break;
  }
  return nullptr;
}

class ResamplingDecoder : public AudioDecoder {
 public:
  ResamplingDecoder(const AudioFormat& format, int output_rate)
      : format_(format),
        output_rate_(output_rate),
        encoding_(MayBeRaw() ? AudioEncoding::kAuto : format.encoding),
        decoder_(MakeMonoDecoder(encoding_, format)) {
    magic_.Want(kMagicBytes);
  }

  absl::Status Accept(absl::Span<const uint8_t> bytes, std::vector<float>* samples) override {
    if (status_.ok() && finished_) {
      status_ = absl::FailedPreconditionError("audio: comes after its end");
    }
    if (status_.ok()) status_ = Decode(bytes, samples);
    return status_;
  }

  absl::Status Finish(std::vector<float>* samples) override {
    if (!status_.ok() || finished_) return status_;
    finished_ = true;
    status_ = DecodeRest(samples);
    return status_;
  }

  void Save(StateWriter& writer) const override {
    writer.Write<int32_t>(status_.raw_code());
    if (!status_.ok()) return writer.WriteString(status_.message());
    writer.Write<uint8_t>(finished_);
    if (finished_) return;
    magic_.Save(writer);
    writer.Write(encoding_);
    if (decoder_ != nullptr) decoder_->Save(writer);
    writer.Write<uint8_t>(resampler_ != nullptr);
    if (resampler_ != nullptr) resampler_->Save(writer);
  }

  void Load(StateReader& reader) override {
    LoadParts(reader);
    if (!reader.ok()) status_ = reader.status();
  }

 private:
  void LoadParts(StateReader& reader) {
    const int code = reader.ReadIn<int32_t>(0, kMaxStatusCode, "audio error");
    if (code != 0) {
      status_ = absl::Status(static_cast<absl::StatusCode>(code),
                             reader.ReadString(kMaxMessageBytes, "audio error"));
      return;
    }
    finished_ = reader.ReadBool();
    if (finished_) return;
    magic_.Load(reader, kMagicBytes, kMagicBytes);
    encoding_ = reader.ReadEnum(AudioEncoding::kALaw, "audio encoding");
    const bool detected = encoding_ == AudioEncoding::kWav || encoding_ == AudioEncoding::kFlac;
    const bool expected =
        MayBeRaw() ? detected || encoding_ == format_.encoding || encoding_ == AudioEncoding::kAuto
                   : encoding_ == format_.encoding ||
                         (format_.encoding == AudioEncoding::kAuto && detected);
    reader.Require(expected, "audio encoding");
    if (!reader.ok()) return;
    if (decoder_ == nullptr) decoder_ = MakeMonoDecoder(encoding_, FormatOf(encoding_));
    if (decoder_ != nullptr) decoder_->Load(reader);
    if (!reader.ReadBool()) return;
    if (!reader.Require(decoder_ != nullptr && decoder_->sample_rate() > 0, "audio resampler")) {
      return;
    }
    reader.Require(MakeResampler().ok(), "audio resampler");
    if (reader.ok()) resampler_->Load(reader);
  }

  absl::Status Decode(absl::Span<const uint8_t> bytes, std::vector<float>* samples) {
    if (decoder_ == nullptr) {
      if (!magic_.Take(&bytes)) return absl::OkStatus();
      if (absl::Status status = Detect(samples); !status.ok()) return status;
    }
    const size_t limit =
        samples->size() + kMaxSamplesPerByte * bytes.size() + kMaxSecondsPerCall * output_rate_;
    while (!bytes.empty()) {
      const absl::Span<const uint8_t> slice = bytes.first(std::min(bytes.size(), kSliceBytes));
      if (absl::Status status = DecodeSlice(slice, samples); !status.ok()) return status;
      if (samples->size() > limit) {
        return absl::ResourceExhaustedError(absl::StrCat("audio: one message holds more than ",
                                                         kMaxSecondsPerCall,
                                                         " seconds of audio; send smaller pieces"));
      }
      bytes.remove_prefix(slice.size());
    }
    return absl::OkStatus();
  }

  // Raw audio, unless its first bytes say otherwise.
  bool MayBeRaw() const { return format_.may_have_header && IsRaw(format_.encoding); }

  // What a decoder of `encoding` is to be told: a header that need not be there is believed.
  AudioFormat FormatOf(AudioEncoding encoding) const {
    return MayBeRaw() && !IsRaw(encoding) ? AudioFormat{encoding} : format_;
  }

  // Chooses the decoder by the first bytes, and gives them to it.
  absl::Status Detect(std::vector<float>* samples) {
    const absl::string_view magic(reinterpret_cast<const char*>(magic_.bytes().data()),
                                  magic_.bytes().size());
    if (magic == "RIFF") {
      encoding_ = AudioEncoding::kWav;
    } else if (magic == "fLaC") {
      encoding_ = AudioEncoding::kFlac;
    } else if (MayBeRaw() && magic != "OggS") {
      encoding_ = format_.encoding;
    } else if (MayBeRaw()) {
      return absl::InvalidArgumentError(
          "audio: is Ogg, which this server does not decode; send WAV, FLAC or raw PCM");
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "audio: begins with \"", absl::CHexEscape(magic),
          "\", which is neither WAV nor FLAC; for raw PCM set encoding and sample rate"));
    }
    decoder_ = MakeMonoDecoder(encoding_, FormatOf(encoding_));
    return DecodeSlice(magic_.bytes(), samples);
  }

  absl::Status DecodeSlice(absl::Span<const uint8_t> slice, std::vector<float>* samples) {
    std::vector<float> mono;
    if (absl::Status status = decoder_->Accept(slice, &mono); !status.ok()) return status;
    return Resample(mono, samples);
  }

  absl::Status DecodeRest(std::vector<float>* samples) {
    if (decoder_ == nullptr) {
      if (magic_.bytes().empty()) return absl::OkStatus();
      if (!MayBeRaw()) {
        return absl::InvalidArgumentError(
            absl::StrCat("audio: ", magic_.bytes().size(), " bytes are neither WAV nor FLAC"));
      }
      if (absl::Status status = Detect(samples); !status.ok()) return status;
    }
    std::vector<float> mono;
    absl::Status status = decoder_->Finish(&mono);
    if (status.ok()) status = Resample(mono, samples);
    if (status.ok() && resampler_ != nullptr) resampler_->Finish(samples);
    return status;
  }

  absl::Status Resample(absl::Span<const float> mono, std::vector<float>* samples) {
    if (mono.empty()) return absl::OkStatus();
    if (resampler_ == nullptr) {
      if (absl::Status status = MakeResampler(); !status.ok()) return status;
    }
    resampler_->Accept(mono, samples);
    return absl::OkStatus();
  }

  absl::Status MakeResampler() {
    absl::StatusOr<std::unique_ptr<Resampler>> resampler =
        Resampler::Create(decoder_->sample_rate(), output_rate_);
    if (!resampler.ok()) return resampler.status();
    resampler_ = *std::move(resampler);
    return absl::OkStatus();
  }

  const AudioFormat format_;
  const int output_rate_;
  HeaderBytes magic_;
  AudioEncoding encoding_;                // kAuto: the first bytes are to tell
  std::unique_ptr<MonoDecoder> decoder_;  // null: the encoding is not known
  std::unique_ptr<Resampler> resampler_;  // null: no sample has come yet
  bool finished_ = false;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AudioDecoder>> AudioDecoder::Create(const AudioFormat& format,
                                                                   int output_rate) {
  if (absl::Status status = format.Validate(); !status.ok()) return status;
  if (output_rate < kMinSampleRate || output_rate > kMaxSampleRate) {
    return absl::InvalidArgumentError(absl::StrCat("output_rate: must be ", kMinSampleRate, " to ",
                                                   kMaxSampleRate, " Hz, not ", output_rate));
  }
  return std::make_unique<ResamplingDecoder>(format, output_rate);
}

}  // namespace rill
