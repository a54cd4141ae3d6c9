#!/usr/bin/env python3
"""Synthetic speech to train on beside real speech: many made-up voices read sentences of a text.

  scripts/synthesize_speech.py TEXT OUT [--hours 20] [--known SPEECH/train]
      [--voices hibari rms] [--seed 1] [--jobs 2]

TEXT   sentences, a line each: lower-case words, apostrophes, spaces
OUT    gets a corpus a voice, synthetic-NAME/manifest.tsv, in the form that rill-train reads

Half of the sentences are taken at random, half are those with the words that --known (folders with
manifests) has least of; none is one of its own. To add to what was made before, give that as --known,
too, and another --seed: the new corpora are called synthetic-NAME-SEED.

The voices: hibari's "heart" (Apache-2.0), every sentence with another pitch, length of the vocal tract,
tempo and intonation, from bass to child; and flite's rms, slt and awb (Carnegie Mellon University, free
for any purpose), each sentence at another speed. Needs flite, and

  pip install 'hibari-tts[fast]' soundfile
"""
import argparse
import collections
import concurrent.futures
import pathlib
import random
import subprocess
import tempfile
from fractions import Fraction

import numpy as np
import soundfile
from scipy.signal import resample_poly

RATE = 16000
VOICES = {"hibari": 0.7, "rms": 0.1, "slt": 0.1, "awb": 0.1}  # shares of the hours
WORDS, LETTERS = (4, 30), 190  # of a sentence
LONGEST = 17.0  # seconds
PARTS = 8  # of a voice's sentences; what each says depends on nothing else


def known_speech(folders):
    """How often the manifests' texts have each word, and these texts."""
    count, texts = collections.Counter(), set()
    for folder in folders:
        for manifest in pathlib.Path(folder).rglob("manifest.tsv"):
            for line in manifest.read_text().splitlines()[1:]:
                text = line.split("\t")[3]
                texts.add(text)
                count.update(text.split())
    return count, texts


def choose_sentences(text, known, known_texts, seed):
    """In the order in which they are to be read: any, one with rare words, any, ..."""
    def fits(line):
        words = line.split()
        return (WORDS[0] <= len(words) <= WORDS[1] and len(line) <= LETTERS
                and all(c == "'" or c == " " or "a" <= c <= "z" for c in line))

    def rarity(line):
        words = line.split()
        return sum(1 / (1 + known[word]) for word in words) / len(words) ** 0.7

    lines = list(dict.fromkeys(line.strip() for line in text if fits(line.strip()) and line.strip() not in known_texts))
    random.Random(4 + seed).shuffle(lines)
    third = len(lines) // 3
    rare = sorted(lines[third:], key=rarity, reverse=True)[:third]
    random.Random(5 + seed).shuffle(rare)
    return [line for pair in zip(lines[:third], rare) for line in pair]


def to_rate(samples, rate, faster=1.0):
    """At RATE, played `faster` than it is: pitch and formants go up together."""
    ratio = Fraction(RATE / (rate * faster)).limit_denominator(200)
    return resample_poly(samples, ratio.numerator, ratio.denominator).astype(np.float32)


class Hibari:
    """The spectral parts and the pitch that the network gives, changed before they are sound."""

    def __init__(self, rng):
        from hibari import Hibari as Network, dsp
        self.network, self.dsp, self.rng = Network(), dsp, rng

    def someone(self):
        """Factors of pitch and formants: a man, a woman or a child."""
        draw = self.rng.uniform
        kind = self.rng.choice(3, p=[0.55, 0.35, 0.10])
        if kind == 0:
            return draw(0.42, 0.75), draw(0.80, 0.95)
        if kind == 1:
            return draw(0.80, 1.20), draw(0.94, 1.08)
        return draw(1.15, 1.60), draw(1.06, 1.22)

    @staticmethod
    def warp(bins, factor, nearest=False):
        """Frequencies times `factor`; phases are taken from the nearest bin."""
        at = np.clip(np.arange(len(bins)) / factor, 0, len(bins) - 1.001)
        if nearest:
            return bins[np.rint(at).astype(int)]
        low = at.astype(int)
        part = (at - low)[:, None].astype(np.float32)
        return bins[low] * (1 - part) + bins[low + 1] * part

    def __call__(self, text):
        pitch, formants = self.someone()
        intonation, tempo = self.rng.uniform(0.5, 1.6), float(np.exp(self.rng.normal(0, 0.14)))
        sounds = []
        for phonemes in self.network.phonemize(text):
            ids = self.network.ids(phonemes)
            if len(ids) < 3:
                continue
            *parts, f0 = (out[0] for out in self.network.sess.run(None, {
                "ids": np.asarray([ids], np.int64), "speed": np.asarray([tempo], np.float32)}))
            voiced = f0 > 40
            if voiced.any():
                mean = np.exp(np.log(f0[voiced]).mean())
                f0 = f0.copy()
                f0[voiced] = np.maximum(55, mean * pitch * (f0[voiced] / mean) ** intonation)
            parts = [self.warp(bins, formants, nearest=part == 4) for part, bins in enumerate(parts)]
            sounds.append(self.dsp.synth(*parts, f0, self.rng))
        return to_rate(np.concatenate(sounds), 24000) if sounds else None


class Flite:
    def __init__(self, voice, rng):
        self.voice, self.rng = voice, rng

    def __call__(self, text):
        faster = float(np.exp(self.rng.normal(0, 0.10)))
        stretch = float(np.exp(self.rng.normal(0, 0.13))) * faster
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            subprocess.run(["flite", "-voice", self.voice, "--setf", f"duration_stretch={stretch:.3f}", "-t", text,
                            "-o", file.name], check=True)
            samples, rate = soundfile.read(file.name, dtype="float32")
        return to_rate(samples, rate, faster)


def recorded(samples, rng):
    """With a little silence around it, the noise of a room, at any level."""
    around = [np.zeros(int(rng.uniform(*seconds) * RATE), np.float32) for seconds in ((0.05, 0.35), (0.1, 0.4))]
    samples = np.concatenate([around[0], samples, around[1]])
    samples += rng.standard_normal(len(samples), dtype=np.float32) * float(10 ** rng.uniform(-4.5, -3.0))
    return samples * float(10 ** rng.uniform(-0.9, -0.05)) / max(1e-3, np.abs(samples).max())


def read(voice, part, sentences, hours, seed, out):
    """The manifest's lines of what one voice reads until the hours are full."""
    rng = np.random.default_rng([part, *voice.encode(), *([seed] if seed > 1 else [])])
    speak = Hibari(rng) if voice == "hibari" else Flite(voice, rng)
    lines, total = [], 0.0
    for number, text in enumerate(sentences):
        if total > hours * 3600:
            break
        samples = speak(text)
        if samples is None or not np.isfinite(samples).all():
            continue
        samples = recorded(samples, rng)
        seconds = len(samples) / RATE
        if seconds > LONGEST or not 5 <= len(text) / seconds <= 24:
            continue
        path = f"{part}/{number:06d}.flac"
        (out / str(part)).mkdir(parents=True, exist_ok=True)
        soundfile.write(out / path, samples, RATE, subtype="PCM_16")
        lines.append(f"{path}\t{voice}\t{seconds:.2f}\t{text}\n")
        total += seconds
    return voice, lines, total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--hours", type=float, default=20)
    parser.add_argument("--known", nargs="*", default=[])
    parser.add_argument("--voices", nargs="*", default=list(VOICES), choices=list(VOICES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with options.text.open(encoding="utf-8") as text:
        sentences = choose_sentences(text, *known_speech(options.known), options.seed)
    name = f"synthetic-{{}}-{options.seed}".format if options.seed > 1 else "synthetic-{}".format
    manifests, done, first = collections.defaultdict(list), 0.0, 0
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        parts = []
        for voice in options.voices:
            share = VOICES[voice] / sum(VOICES[chosen] for chosen in options.voices)
            end = first + int(len(sentences) * share)
            for part in range(PARTS):
                parts.append(pool.submit(read, voice, part, sentences[first + part:end:PARTS],
                                         options.hours * share / PARTS, options.seed,
                                         options.out / name(voice)))
            first = end
        for part in concurrent.futures.as_completed(parts):
            voice, lines, seconds = part.result()
            manifests[voice] += lines
            done += seconds / 3600
            print(f"{done:.2f} of {options.hours:g} h", flush=True)
    for voice, lines in manifests.items():
        manifest = options.out / name(voice) / "manifest.tsv"
        manifest.write_text("path\tspeaker\tseconds\ttext\n" + "".join(sorted(lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
