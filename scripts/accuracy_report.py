#!/usr/bin/env python3
"""docs/accuracy.md and its picture from the results of scripts/measure_accuracy.sh.

  accuracy_report.py OUT MODEL    reads OUT/*.tsv, writes OUT/accuracy.md and OUT/accuracy.svg
"""
import csv
import os
import sys

from charts import COLORS, Chart, nice_range, steps, table, write_svg

LIBRI, COMMON = "librispeech-train-clean-5", "commonvoice-en-shubhra"
NAMES = {LIBRI: "LibriSpeech", COMMON: "Common Voice"}
CORPORA = (LIBRI, COMMON)


def read(folder, name):
    """{(corpus, what varies): row}, in the order of the file."""
    with open(os.path.join(folder, name + ".tsv"), encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    key = {"chunks": "chunk_ms", "conditions": "condition", "hour": "group"}.get(name)
    return {(row["corpus"], row[key] if key else ""): row for row in rows}


def wer(row):
    return float(row["wer"])


def cell(row):
    return f"{wer(row):.1f} ({float(row['low']):.1f}-{float(row['high']):.1f})"


def rows_of(results, labels):
    return [[label] + [cell(results[corpus, value]) for corpus in CORPORA] for value, label in labels]


def values(results):
    """What varies, as the file has it."""
    return list(dict.fromkeys(value for _, value in results if value))


def lines(title, x_label, results, keys, places, limits, clean=None):
    """A chart with a line a corpus; dashed: what it is clip by clip."""
    width = (min(places), max(places))
    chart = Chart(title, x_label, "words wrong, %", width, limits)
    chart.ticks(list(zip(places, keys)), steps(limits, 10))
    for color, corpus in zip(COLORS, CORPORA):
        chart.line([(place, wer(results[corpus, key])) for place, key in zip(places, keys)], color, NAMES[corpus])
        if clean:
            chart.line([(x, wer(clean[corpus, ""])) for x in width], color, dash="4 3")
    return chart


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, model = sys.argv[1], os.path.splitext(os.path.basename(sys.argv[2]))[0]
    chunks, greedy, conditions, hour, live = (
        read(folder, name) for name in ("chunks", "greedy", "conditions", "hour", "live"))
    default = {(corpus, ""): chunks[corpus, "320"] for corpus in CORPORA}
    noises = [name for name in values(conditions) if name.startswith("noise")]
    minutes = sorted(values(hour))
    full = [name for name in minutes if int(name.split("-")[1]) <= 60]  # what comes after an hour is a remnant

    limits = nice_range([wer(row) for result in (chunks, conditions, hour) for row in result.values()], 10)
    sizes = values(chunks)
    noisy = {**conditions, **{(corpus, "clean"): default[corpus, ""] for corpus in CORPORA}}
    levels = ["clean"] + noises
    tens = {(corpus, name.split()[1].split("-")[1]): row for (corpus, name), row in hour.items() if name in full}
    charts = [
        lines("Look-ahead", "chunk, ms", chunks, sizes, list(range(len(sizes))), limits),
        lines("Noise", "condition", noisy, levels, list(range(len(levels))), limits),
        lines("An hour in one stream", "minute; dashed: clip by clip", tens, values(tens),
              list(range(len(values(tens)))), limits, default),
    ]
    write_svg(os.path.join(folder, "accuracy.svg"), charts)

    heads = [NAMES[corpus] for corpus in CORPORA]
    cost = [100 * (wer(chunks[corpus, "40"]) / wer(chunks[corpus, "320"]) - 1) for corpus in CORPORA]
    ends = [(wer(tens[corpus, values(tens)[0]]), wer(tens[corpus, values(tens)[-1]])) for corpus in CORPORA]
    out = [
        "# How well the shipped model hears",
        "",
        f"`{model}` behind a real server, with its beam and language model, the defaults; words wrong in percent, and where 95 % of such figures would",
        "lie by chance (bootstrap: over clips for LibriSpeech's two speakers, over speakers for Common Voice's 57). Neither set's speakers were trained on.",
        "`scripts/measure_accuracy.sh` makes this page; `rill-eval` does the same for any server and any recordings:",
        "",
        "```sh",
        "rill-server &",
        "rill-eval SPEECH/dev --chunk-ms 40,80,160,320,640",
        "rill-eval SPEECH/dev --condition noise20,noise10,noise5,telephone,level-30 --noise SPEECH/noise",
        "rill-eval SPEECH/dev --stream-minutes 60",
        "rill-eval SPEECH/dev --live --jobs 40",
        "```",
        "",
        "![Errors over look-ahead, noise and the time of a stream](accuracy.svg)",
        "",
        "## Look-ahead",
        "",
        table(["chunk"] + heads, rows_of(chunks, [
            (size, f"{size} ms" + (", the default" if size == "320" else "")) for size in sizes])),
        f"40 ms has {cost[0]:.0f} % more errors than 320 ms on LibriSpeech, {cost[1]:.0f} % on Common Voice.",
        "",
        "## Noise, telephone, level",
        "",
        "At 320 ms. `noise20`: a sound of SPEECH/noise (music, loops, sounds of games) 20 dB below the speech; `telephone`: 8 kHz, mu-law; `level-30`: 30 dB",
        "softer. `rill-train` leaves the sounds out that are mixed in; the shipped model was grown from one that has heard them",
        "in training.",
        "",
        table(["condition"] + heads, rows_of(noisy, [(name, name) for name in ["clean"] + values(conditions)])),
        "## An hour in one stream",
        "",
        "All clips of a set in one stream, half a second between them, over and over in another order until the hour is full:",
        "",
        table(["minutes"] + heads, rows_of(hour, [(name, name.replace("minute", "").replace("-", " to ").strip()) for name in full]) +
              [["all"] + [cell(hour[corpus, ""]) for corpus in CORPORA],
               ["clip by clip"] + [cell(default[corpus, ""]) for corpus in CORPORA]]),
        "From the first ten minutes to the last: " + ", ".join(
            f"{a:.1f} to {b:.1f} ({NAMES[corpus]})" for corpus, (a, b) in zip(CORPORA, ends)) + ".",
        "",
        "## How soon",
        "",
        "Forty streams at the pace of speech: milliseconds from the end of a word, as the server dates it, to the first result that has it.",
        "",
        table(["", "median", "95 % within"], [
            [NAMES[corpus], live[corpus, ""]["p50_ms"], live[corpus, ""]["p95_ms"]] for corpus in CORPORA]),
        "## Without the language model",
        "",
        table(["decoder"] + heads, [["greedy"] + [cell(greedy[corpus, ""]) for corpus in CORPORA],
                                    ["beam and language model"] + [cell(default[corpus, ""]) for corpus in CORPORA]]),
    ]
    with open(os.path.join(folder, "accuracy.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(out))


if __name__ == "__main__":
    main()
