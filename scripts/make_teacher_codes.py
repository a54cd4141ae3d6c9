#!/usr/bin/env python3
"""What a larger model hears in speech, as codes for rill-train to learn from beside the texts (--teacher).

  scripts/make_teacher_codes.py WHISPER OUT SPEECH... [--jobs 2]

WHISPER  folder with a Whisper model for CTranslate2 (model.bin, config.json, tokenizer.json, vocabulary.json)
OUT      gets NAME.codes.tsv for each manifest.tsv below SPEECH, NAME being the manifest's folder: a line a
         clip, its path, its frames of 40 ms, and 8 bytes a frame in base64. OUT/heard keeps what the
         encoder said (Whisper base: 90 MB an hour of speech); stopped, the script goes on from there.
SPEECH   folders of recordings, mono at 16 kHz. Clips above 29 s, and what cannot be read, get no codes.

The encoder's last layer (L. Guo et al., "Predicting multi-codebook vector quantization indexes for knowledge
distillation", ICASSP 2023, of another teacher and with learnt codebooks) is rotated at random and cut into 8
parts, each of which k-means puts into one of 256 classes. The classes are fitted once, on speech drawn from
all manifests of the first call, and kept in OUT/heard/classes.npz. Needs: pip install faster-whisper soundfile
"""
import argparse
import base64
import concurrent.futures
import hashlib
import os
import pathlib

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process a core, --jobs of them
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
import soundfile  # noqa: E402

RATE, FRAME = 16000, 640  # Hz; samples in a frame of 40 ms
GROUPS, CLASSES = 8, 256
WINDOW, GAP = 15 * RATE, 20 * FRAME  # samples: clips are heard together, with silence behind each
LONGEST = 29 * RATE  # samples of a clip; with the GAP the encoder takes no more
TO_FIT = 200_000  # frames
CLIPS = 400  # in a part, the unit of work


def read_manifest(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    column = lines[0].split("\t").index("path")
    return [line.split("\t")[column] for line in lines[1:]]


def windows(clips):
    """Clips in order, as many at a time as fit into a window with GAP behind each."""
    window, length = [], 0
    for clip in clips:
        if window and length + len(clip) + GAP > WINDOW:
            yield window
            window, length = [], 0
        window.append(clip)
        length += len(clip) + GAP
    if window:
        yield window


def read_clip(path):
    """Its whole frames; none if it cannot be used."""
    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except soundfile.SoundFileError as error:
        print(f"{path}: {error}", flush=True)
        return np.zeros(0, np.float32)
    if rate != RATE or samples.ndim != 1:
        raise SystemExit(f"{path}: {rate} Hz, {samples.ndim} channels; mono at {RATE} Hz is needed")
    return samples[:len(samples) // FRAME * FRAME if len(samples) <= LONGEST else 0]


def hear(whisper, folder, paths, out, whose):
    """What the encoder says of these clips, into the file `out`, which says of whose clips it is."""
    from faster_whisper import WhisperModel
    model = WhisperModel(str(whisper), device="cpu", compute_type="int8", cpu_threads=1)
    heard = []
    for window in windows([read_clip(folder / path) for path in paths]):
        samples = np.concatenate([np.pad(clip, (0, GAP)) for clip in window])
        features = model.feature_extractor(samples, padding=0)[:, :len(samples) // 160]
        values = np.asarray(model.encode(features))[0]  # a row for 20 ms
        first = 0
        for clip in window:
            frames = len(clip) // FRAME
            # A frame of 40 ms begins at 2t; its middle lies between these two.
            heard.append((values[first + 1:first + 2 * frames:2] + values[first + 2:first + 2 * frames + 1:2]) / 2)
            first += 2 * (frames + GAP // FRAME)
    part = out.with_suffix(".part.npz")
    np.savez(part, whose=whose, frames=[len(h) for h in heard], values=np.concatenate(heard).astype(np.float16))
    part.rename(out)


def is_of(file, whose):
    """Whether `file` is there, and was made of what `whose` names: this model, these clips."""
    if not file.exists():
        return False
    with np.load(file) as kept:
        return "whose" in kept and str(kept["whose"]) == whose


def fit(parts, seed=5):
    """A rotation of standardised dimensions, and the classes' means in each of its parts."""
    rng = np.random.default_rng(seed)
    sample = []
    for part in parts:
        values = np.load(part)["values"]
        share = min(len(values), TO_FIT // len(parts) + 1)
        sample.append(values[rng.choice(len(values), share, replace=False)])
    sample = np.concatenate(sample).astype(np.float32)
    mean, deviation = sample.mean(0), sample.std(0) + 1e-3
    rotation, _ = np.linalg.qr(rng.standard_normal((len(mean), len(mean))))
    rotation = rotation.astype(np.float32)
    turned = ((sample - mean) / deviation @ rotation).reshape(len(sample), GROUPS, -1)
    means = []
    for group in range(GROUPS):
        points = np.ascontiguousarray(turned[:, group])
        centres = points[rng.choice(len(points), CLASSES, replace=False)]
        for _ in range(25):
            chosen = nearest(points, centres)
            count = np.bincount(chosen, minlength=CLASSES)
            sums = np.zeros_like(centres)
            np.add.at(sums, chosen, points)
            centres = np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None],
                               points[rng.choice(len(points), CLASSES)])
        error = ((points - centres[nearest(points, centres)]) ** 2).sum() / (points ** 2).sum()
        print(f"classes of part {group + 1} of {GROUPS}: {100 * (1 - error):.0f} % of the variance", flush=True)
        means.append(centres)
    return {"mean": mean, "deviation": deviation, "rotation": rotation, "means": np.stack(means)}


def nearest(points, centres):
    return np.concatenate([((centres ** 2).sum(1) - 2 * points[at:at + 20000] @ centres.T).argmin(1)
                           for at in range(0, len(points), 20000)])


def encode(classes, values):
    turned = ((values.astype(np.float32) - classes["mean"]) / classes["deviation"] @ classes["rotation"])
    turned = turned.reshape(len(values), GROUPS, -1)
    codes = [nearest(np.ascontiguousarray(turned[:, g]), classes["means"][g]) for g in range(GROUPS)]
    return np.stack(codes, 1).astype(np.uint8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("whisper", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("speech", type=pathlib.Path, nargs="+")
    parser.add_argument("--jobs", type=int, default=2, help="processes that hear; one a core")
    options = parser.parse_args()
    kept = options.out / "heard"
    kept.mkdir(parents=True, exist_ok=True)
    teacher = hashlib.sha256((options.whisper / "model.bin").read_bytes()).hexdigest()

    corpora, todo = {}, []
    for manifest in sorted(m for folder in options.speech for m in folder.rglob("manifest.tsv")):
        name, paths = manifest.parent.name, read_manifest(manifest)
        if name in corpora:
            raise SystemExit(f"{manifest}: another corpus is named {name}, too")
        parts = []
        for at in range(0, len(paths), CLIPS):
            part, clips = kept / f"{name}-{at // CLIPS:03d}.npz", paths[at:at + CLIPS]
            whose = hashlib.sha256("\n".join([teacher, str(manifest.parent.resolve()), *clips]).encode()).hexdigest()
            parts.append((part, clips))
            if not is_of(part, whose):
                todo.append((options.whisper, manifest.parent, clips, part, whose))
        corpora[name] = parts
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        try:
            for number, part in enumerate(concurrent.futures.as_completed([pool.submit(hear, *job) for job in todo])):
                part.result()
                print(f"heard {number + 1} of {len(todo)} parts", flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise

    fitted = kept / "classes.npz"
    if not is_of(fitted, teacher):
        np.savez(fitted, whose=teacher, **fit([part for parts in corpora.values() for part, _ in parts]))
    classes = dict(np.load(fitted))
    for name, parts in corpora.items():
        lines = ["path\tframes\tcodes\n"]
        for part, clips in parts:
            heard = np.load(part)
            codes = np.split(encode(classes, heard["values"]), np.cumsum(heard["frames"])[:-1])
            for path, clip in zip(clips, codes, strict=True):
                lines.append(f"{path}\t{len(clip)}\t{base64.b64encode(clip.tobytes()).decode()}\n")
        (options.out / f"{name}.codes.tsv").write_text("".join(lines), encoding="utf-8")
        print(f"{name}: {len(lines) - 1} clips", flush=True)


if __name__ == "__main__":
    main()
