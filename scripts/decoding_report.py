#!/usr/bin/env python3
"""docs/decoding-results.md and its pictures from the results of scripts/measure_decoding.sh.

  decoding_report.py OUT MODEL LM    reads OUT/*.tsv, writes OUT/decoding-results.md and OUT/*.svg
"""
import collections
import os
import sys

from charts import COLORS, Chart, nice_range, steps, table, write_svg

LIBRI, COMMON = "librispeech-train-clean-5", "commonvoice-en-shubhra"
NAMES = {LIBRI: "LibriSpeech", COMMON: "Common Voice", "noise": "noise"}


def read(folder, name):
    """The lines of a result file as dictionaries; the comments name the fields of each kind."""
    fields, rows = {}, collections.defaultdict(list)
    with open(os.path.join(folder, name + ".tsv"), encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("# "):
                kinds = line[2:].strip().split(", ")  # "# a, b field field"
                last = kinds[-1].split(" ")
                for kind in kinds[:-1] + [last[0]]:
                    fields.setdefault(kind, last[1:])
                continue
            kind, *values = line.rstrip("\n").split("\t")
            rows[kind].append(dict(zip(fields[kind], values)))
    return rows


def wer(row):
    return float(row["word-errors"])


def picture_sweep(folder):
    beam, weight = read(folder, "beam")["wer"], read(folder, "lm-weight")["wer"]
    beam = [row for row in beam if row["decoder"] == "open"]
    limits = nice_range([wer(row) for row in beam + weight], 10)
    sizes = sorted({int(row["beam"]) for row in beam})
    first = Chart("Width of the beam", "hypotheses", "words wrong, %", (0, len(sizes) - 1), limits)
    first.ticks([(i, str(size)) for i, size in enumerate(sizes)], steps(limits, 10))
    weights = sorted({float(row["lm-weight"]) for row in weight})
    second = Chart("Weight of the language model", "lm_weight", "words wrong, %",
                   (weights[0], weights[-1]), limits)
    second.ticks([(w, f"{w:g}") for w in weights], steps(limits, 10))
    for color, corpus in zip(COLORS, (LIBRI, COMMON)):
        first.line([(sizes.index(int(row["beam"])), wer(row)) for row in beam if row["corpus"] == corpus],
                   color, NAMES[corpus])
        second.line([(float(row["lm-weight"]), wer(row)) for row in weight if row["corpus"] == corpus],
                    color, NAMES[corpus])
    cost = [(sizes.index(int(row["beam"])), float(row["cpu-ms-per-second"])) for row in beam
            if row["corpus"] == LIBRI]
    top = nice_range([0] + [y for _, y in cost], 0.5)
    third = Chart("What decoding costs", "hypotheses", "CPU ms a second of audio", (0, len(sizes) - 1), top)
    third.ticks([(i, str(size)) for i, size in enumerate(sizes)], steps(top, 0.5))
    third.line(cost, COLORS[2])
    write_svg(os.path.join(folder, "decoding-sweep.svg"), [first, second, third])


def picture_reliability(folder):
    rows = read(folder, "calibrate")["reliability"]
    charts = []
    for decoder, title in (("greedy+lm", "greedy"), ("beam+lm", "beam with language model")):
        for corpus in (LIBRI, COMMON):
            chart = Chart(f"{NAMES[corpus]}, {title}", "confidence", "share of words right", (0, 1), (0, 1))
            ticks = [i / 5 for i in range(6)]
            chart.ticks([(t, f"{t:g}") for t in ticks], ticks)
            chart.key_x = chart.LEFT + 12
            chart.line([(0, 0), (1, 1)], "#999", dash="4 3")
            for color, kind in zip((COLORS[1], COLORS[0], COLORS[2]), ("raw", "held-out", "fitted")):
                points = [(float(row["mean-confidence"]), float(row["share-right"])) for row in rows
                          if row["decoder"] == decoder and row["corpus"] == corpus and row["kind"] == kind
                          and int(row["words"]) >= 10]
                chart.line(points, color, kind)
            charts.append(chart)
    write_svg(os.path.join(folder, "confidence.svg"), charts)


def cost(row):
    """CPU milliseconds a second of audio, and how many streams that makes of a core: two figures that tell."""
    ms = float(row["cpu-ms-per-second"])
    return [f"{ms:.3f}", f"{float(f'{1000 / ms:.2g}'):,.0f}"]


def edits(row):
    """Words wrong, left out and put in, percent."""
    wrong, deleted, inserted = (int(row[kind]) for kind in ("substitutions", "deletions", "insertions"))
    share = float(row["word-errors"]) / max(wrong + deleted + inserted, 1)
    return float(row["word-errors"]), deleted * share, inserted * share


def by_corpus(rows, key):
    """{key: {corpus: row}} in the order of the file."""
    result = {}
    for row in rows:
        result.setdefault(key(row), {})[row["corpus"]] = row
    return result


HEAD = """# What the decoder does, measured

`scripts/measure_decoding.sh` has written this page and its pictures: model `{model}`, language model `{lm}`, chunks of 320 ms, settings
not named are the defaults. LibriSpeech: two readers of audiobooks, 20 minutes; Common Voice: 57 speakers, 21 minutes. What each figure
means for the choice of settings is in [decoding.md](decoding.md).
"""


def cells(rows, names, fields):
    """A line for each key of `rows`: the key, then the fields of each corpus."""
    return [(list(key) if isinstance(key, tuple) else [key]) +
            [", ".join(f"{float(row[c][field]):.{digits}f}" for field, digits in fields)
             for c in names] for key, row in rows.items()]


def report(folder, model, lm):
    out = [HEAD.format(model=os.path.basename(model), lm=os.path.basename(lm))]
    both, heads = (LIBRI, COMMON), ["LibriSpeech", "Common Voice"]

    def add(title, text, head, rows):
        out.append(f"## {title}\n\n{text}\n\n{table(head, rows)}")

    rows = by_corpus(read(folder, "settings")["wer"], lambda row: row["decoder"])
    add("Decoders", "Words wrong, characters wrong, percent; CPU time of decoding a second of audio. `open`: beam with the "
        "language model and any letters, the default; `beam`: without it. Streams that a core could decode if it did nothing else.",
        [""] + heads + ["ms a second", "streams a core"],
        [line + cost(row[LIBRI]) for line, row in
         zip(cells(rows, both, [("word-errors", 2), ("character-errors", 2)]), rows.values())])

    rows = by_corpus(read(folder, "beam")["wer"], lambda row: (row["decoder"], row["beam"]))
    add("Width of the beam", "Words wrong, percent.\n\n![Words wrong and cost by settings](decoding-sweep.svg)",
        ["", "beam"] + heads + ["ms a second", "streams a core"],
        [line + cost(row[LIBRI]) for line, row in
         zip(cells(rows, both, [("word-errors", 2)]), rows.values())])

    for decoder in ("open", "lexicon"):
        grid = collections.defaultdict(dict)
        for row in read(folder, "tune")["wer"]:
            if row["decoder"] == decoder:
                grid[float(row["lm-weight"])][float(row["letter-bonus"])] = row["word-errors"]
        bonuses = sorted({bonus for line in grid.values() for bonus in line})
        best = min(float(value) for line in grid.values() for value in line.values())
        add(f"Tuning, {decoder}", "Words wrong by `lm_weight` (down) and `letter_bonus` (across), every other clip of Common Voice "
            "(`--half odd`): the clips that settings may be chosen on.",
            [""] + [f"{bonus:g}" for bonus in bonuses],
            [[f"{weight:g}"] + [f"**{line[b]}**" if float(line[b]) == best else line[b] for b in bonuses]
             for weight, line in sorted(grid.items())])
    rows = by_corpus(read(folder, "tune-words")["wer"], lambda row: f"{float(row['word-bonus']):g}")
    add("Tuning, bonus of a word", "Words wrong by `word_bonus`, the same clips.", ["", "Common Voice"],
        cells(rows, (COMMON,), [("word-errors", 2)]))
    rows = by_corpus(read(folder, "letter-bonus")["wer"], lambda row: f"{float(row['letter-bonus']):g}")
    add("Bonus of a letter", "Words wrong by `letter_bonus`, and how many of the words were left out or put in, percent.",
        ["", *(f"{name}{what}" for name in heads for what in ("", ", left out", ", put in"))],
        [[bonus] + [f"{value:.2f}" for corpus in both for value in edits(line[corpus])]
         for bonus, line in rows.items()])

    rows = by_corpus(read(folder, "unknown-letter")["wer"], lambda row: f"{float(row['unknown-letter']):g}")
    add("Price of unknown words", "Words wrong by the price of each letter of a word that no lexicon has, beside 10 for the word, percent; `lm_weight` "
        "weighs both.", ["a letter"] + heads, cells(rows, both, [("word-errors", 2)]))
    rows = by_corpus(read(folder, "beam-threshold")["wer"],
                     lambda row: (row["beam"], f"{float(row['beam-threshold']):g}"))
    add("Threshold of the beam", "Words wrong by `beam_threshold`, percent: texts that are worse than the best by more are dropped.",
        ["beam", "threshold"] + heads + ["ms a second", "streams a core"],
        [line + cost(row[LIBRI]) for line, row in
         zip(cells(rows, both, [("word-errors", 2)]), rows.values())])

    rows = by_corpus(read(folder, "calibrate")["confidence"], lambda row: (row["decoder"], row["kind"]))
    add("Confidence", "Expected calibration error (10 bins) of words, of utterances; area under the ROC curve of words. `raw`: "
        "the geometric mean of the letters' probabilities; `held-out`: fitted on the other set; `fitted`: on both, as the model file has it. "
        "`+lm`: the server has a language model.\n\n![Share of right words by confidence](confidence.svg)",
        ["", ""] + heads,
        cells(rows, both, [("expected-calibration-error", 3), ("utterances-expected-calibration-error", 3),
                           ("area-under-roc", 3)]))

    rows = by_corpus(read(folder, "min-confidence")["wer"], lambda row: (row["decoder"], row["min-confidence"]))
    add("Least confidence of an utterance", "Words wrong by `min_confidence`, percent.", ["", "at least"] + heads,
        cells(rows, both, [("word-errors", 2)]))
    rows = by_corpus(read(folder, "alternatives")["wer"], lambda row: row["alternatives"])
    add("Alternatives", "Words wrong of the best text, percent, by how many others are asked for: then as many more texts that differ "
        "only in words further back stay in the beam.", ["alternatives"] + heads, cells(rows, both, [("word-errors", 2)]))
    rows = read(folder, "noise")["noise"]
    add("Noise", f"{rows[0]['minutes']} minutes of sounds and music; those in which somebody speaks were left out by name. `rill-train` does not mix them in; the shipped model was"
        " grown from one that has heard them in training.",
        ["", "min_confidence", "words a minute", "speech starts a minute", "recordings with words"],
        [[row["decoder"], row["min-confidence"], row["words-a-minute"], row["speech-starts-a-minute"],
          f"{row['recordings-with-words']} of {row['recordings']}"] for row in rows])

    interim = read(folder, "interim")
    add("Interim results: what is taken back", "Percent of updates that take back no word, at most one, at most two.",
        [""] + heads, cells(by_corpus(interim["taken-back"], lambda row: row["decoder"]), both,
                            [("percent-none", 1), ("percent-at-most-1", 1), ("percent-at-most-2", 1)]))
    add("Interim results: settled words", "Percent of the words of interim results that are settled; how many of them changed.",
        [""] + heads, cells(by_corpus(interim["settled"], lambda row: row["decoder"]), both,
                            [("percent-settled", 1), ("settled-but-changed", 0)]))
    add("Interim results: stability", "Percent of interim results with this `stability` or more; percent of their words that stay.",
        ["", "at least"] + heads,
        cells(by_corpus(interim["stability"], lambda row: (row["decoder"], row["at-least"])), both,
              [("percent-of-results", 1), ("percent-of-words-that-stay", 1)]))
    add("Interim results: calibration of stability", "Expected calibration error (10 bins).", [""] + heads,
        cells(by_corpus(interim["stability-error"], lambda row: row["decoder"]), both,
              [("expected-calibration-error", 3)]))

    times = read(folder, "times")
    rows = {(name, kind): row for kind in ("start", "end")
            for name, row in by_corpus(times[kind], lambda row: row["decoder"]).items()}
    fields = [("mean-ms", 1), ("median-ms", 0), ("percent-within-80-ms", 1), ("mean-signed-ms", 1)]
    add("Word times", "Of the words heard right, against a forced alignment of what was said (by the same model, which hears the whole recording): mean and "
        "median distance in ms, percent within 80 ms, mean signed distance in ms.", ["", ""] + heads, cells(rows, both, fields))
    rows = {kind: by_corpus(times[kind], lambda row: row["decoder"])["alignment"] for kind in ("onset", "offset")}
    add("Word times: the alignment itself", "Begin of the first and end of the last word of each recording in the forced alignment, against "
        "where the recording gets and stops being loud (20 dB below its loudest twentieth), of recordings that are silent before or after "
        "for 100 ms; the same figures.", [""] + heads, cells(rows, both, fields))

    rows = by_corpus(read(folder, "hot-words")["hot-words"], lambda row: (row["decoder"], row["boost"]))
    count = next(iter(rows.values()))
    add("Hot words", "The words said that are not among the 10,000 most likely of the language model, all of a set's as hot words at once "
        f"({count[LIBRI]['rare-words']} and {count[COMMON]['rare-words']} words): found, percent; heard where they were not said; words "
        "wrong in all, percent.", ["", "boost"] + heads,
        cells(rows, both, [("percent-found", 1), ("false", 0), ("word-errors", 2)]))

    with open(os.path.join(folder, "decoding-results.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(out))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    picture_sweep(sys.argv[1])
    picture_reliability(sys.argv[1])
    report(*sys.argv[1:])


if __name__ == "__main__":
    main()
