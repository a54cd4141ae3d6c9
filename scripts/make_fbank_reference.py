#!/usr/bin/env python3
"""Writes the expected log-mel features that tests/model/log_mel_test.cc compares with.

Needs: pip install kaldi-native-fbank soundfile numpy
Usage: scripts/make_fbank_reference.py tests/data/amiable.flac tests/data/amiable.fbank

Output: every 8th frame as little-endian float32, 80 values a frame.
"""

import sys

import kaldi_native_fbank as knf
import numpy as np
import soundfile


def fbank(samples: np.ndarray, rate: int) -> np.ndarray:
    options = knf.FbankOptions()
    options.frame_opts.samp_freq = rate
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = True
    options.frame_opts.window_type = "povey"
    options.mel_opts.num_bins = 80
    options.mel_opts.low_freq = 20.0
    options.mel_opts.high_freq = 0.0  # Nyquist
    options.use_energy = False
    computer = knf.OnlineFbank(options)
    computer.accept_waveform(rate, (samples * 32768.0).tolist())
    computer.input_finished()
    return np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])


def main() -> None:
    audio, reference = sys.argv[1:3]
    samples, rate = soundfile.read(audio, dtype="float32")
    frames = fbank(samples, rate)
    frames[::8].astype("<f4").tofile(reference)
    print(f"{reference}: {len(frames[::8])} of {len(frames)} frames, mean {frames.mean():.4f}")


if __name__ == "__main__":
    main()
