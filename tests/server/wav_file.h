// A WAV file in memory. Pure function.
#pragma once

#include <cstdint>
#include <string>

namespace rill::server {

// Of 16-bit samples, with the header most programs write.
inline std::string Wav(const std::string& samples, int rate, int channels = 1) {
  std::string wav;
  const auto add = [&wav](uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) wav += static_cast<char>(value >> (8 * i));
  };
  wav += "RIFF";
  add(static_cast<uint32_t>(36 + samples.size()), 4);
  wav += "WAVEfmt ";
  add(16, 4);
  add(1, 2);
  add(channels, 2);
  add(rate, 4);
  add(2 * channels * rate, 4);
  add(2 * channels, 2);
  add(16, 2);
  wav += "data";
  add(static_cast<uint32_t>(samples.size()), 4);
  return wav + samples;
}

}  // namespace rill::server
