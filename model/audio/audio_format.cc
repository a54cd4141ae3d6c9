#include "model/audio/audio_format.h"

#include "absl/strings/str_cat.h"

namespace rill {

absl::Status AudioFormat::Validate() const {
  switch (encoding) {
    case AudioEncoding::kAuto:
    case AudioEncoding::kLinear16:
    case AudioEncoding::kFloat32:
    case AudioEncoding::kWav:
    case AudioEncoding::kFlac:
      break;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("encoding: ", static_cast<int>(encoding), " is not a known encoding"));
  }
  const bool raw = encoding == AudioEncoding::kLinear16 || encoding == AudioEncoding::kFloat32;
  const bool rate_known = raw || sample_rate != 0;
  if (rate_known && (sample_rate < kMinSampleRate || sample_rate > kMaxSampleRate)) {
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

}  // namespace rill
