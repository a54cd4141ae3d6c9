// Vectorised arithmetic on log-mel features: 16-bit floats (IEEE binary16, as kept on disk) and
// mixing. Pure functions on raw pointers; any thread.
#pragma once

#include <cstdint>

namespace rill::training {

// y = x, rounded to nearest.
void FloatToHalf(int64_t n, const float* x, uint16_t* y);
void HalfToFloat(int64_t n, const uint16_t* x, float* y);

// Sum of e^x.
double SumExp(int64_t n, const float* x);

// x = log(e^x + e^(noise + offset)): the log energy of two sounds at once.
void AddLogEnergy(int64_t n, const uint16_t* noise, float offset, float* x);

// What a room adds, seen from log-mel energies x[frames, bins], frame by frame:
// x = log(e^x + level * tail), then tail = decay * (tail + e^x) with the x that was. decay, level:
// 0 to 1, not 0. Energies of echoes add up, as their phases are by chance: the exponential model of
// late reverberation (J. D. Polack, 1988).
void AddReverberation(int64_t frames, int64_t bins, float decay, float level, float* x);

// What a lossy codec adds, seen from log-mel energies x[frames, bins]: noise in every band, where
// it is hidden, `below` nepers under the loudest of the bins at most `reach` away in its frame.
void AddCodingNoise(int64_t frames, int64_t bins, int64_t reach, float below, float* x);

// x[frames, bins] = (x - mean[bins]) * inv_std[bins].
void Normalise(int64_t frames, int64_t bins, const float* mean, const float* inv_std, float* x);

}  // namespace rill::training
