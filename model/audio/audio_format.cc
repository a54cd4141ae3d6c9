#include "model/audio/audio_format.h"

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

bool IsUsableRate(int rate) { return rate >= kMinSampleRate && rate <= kMaxSampleRate; }

}  // namespace

bool IsRaw(AudioEncoding encoding) {
  return encoding == AudioEncoding::kLinear16 || encoding == AudioEncoding::kFloat32 ||
         encoding == AudioEncoding::kMuLaw || encoding == AudioEncoding::kALaw;
}

absl::Status AudioFormat::Validate() const {
  switch (encoding) {
    case AudioEncoding::kAuto:
    case AudioEncoding::kLinear16:
    case AudioEncoding::kFloat32:
    case AudioEncoding::kWav:
    case AudioEncoding::kFlac:
    case AudioEncoding::kMuLaw:
    case AudioEncoding::kALaw:
      break;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("encoding: ", static_cast<int>(encoding), " is not a known encoding"));
  }
  const bool raw = IsRaw(encoding);
  const bool rate_known = raw || sample_rate != 0;
  if (rate_known && !IsUsableRate(sample_rate)) {
    return absl::InvalidArgumentError(
        absl::StrCat("sample_rate: must be ", kMinSampleRate, " to ", kMaxSampleRate, " Hz, not ",
                     sample_rate, raw ? "; raw PCM has no header to tell it" : ""));
  }
  if (channels < 0 || channels > kMaxChannels) {
    return absl::InvalidArgumentError(
        absl::StrCat("channels: must be 1 to ", kMaxChannels, ", not ", channels));
  }
  return absl::OkStatus();
}

absl::Status AudioFormat::CheckHeader(absl::string_view container, int header_rate,
                                      int header_channels) const {
  if (!IsUsableRate(header_rate)) {
    return absl::InvalidArgumentError(absl::StrCat(container, " header: sample rate must be ",
                                                   kMinSampleRate, " to ", kMaxSampleRate,
                                                   " Hz, not ", header_rate));
  }
  if (header_channels < 1 || header_channels > kMaxChannels) {
    return absl::InvalidArgumentError(absl::StrCat(container, " header: channels must be 1 to ",
                                                   kMaxChannels, ", not ", header_channels));
  }
  if (sample_rate != 0 && sample_rate != header_rate) {
    return absl::InvalidArgumentError(absl::StrCat("sample_rate: is ", sample_rate, " but the ",
                                                   container, " header says ", header_rate,
                                                   "; leave it 0 to let the header decide"));
  }
  if (channels > 1 && channels != header_channels) {
    return absl::InvalidArgumentError(absl::StrCat("channels: is ", channels, " but the ",
                                                   container, " header says ", header_channels,
                                                   "; leave it 0 to let the header decide"));
  }
  return absl::OkStatus();
}

}  // namespace rill
