#!/usr/bin/env python3
"""docs/ablations.md from the runs of scripts/measure_ablations.sh.

  ablation_report.py OUT STEPS SIZE INIT    reads OUT/runs.tsv and OUT/runs/*/metrics.jsonl, writes OUT/ablations.md
"""
import json
import os
import platform
import re
import statistics
import sys

from charts import table

LIBRI, COMMON = "librispeech-train-clean-5", "commonvoice-en-shubhra"
CORPORA = {LIBRI: "LibriSpeech", COMMON: "Common Voice"}


class Run:
    """A finished run: its evaluation at the end, and what a step took."""

    def __init__(self, what, events):
        self.what = what
        self.steps = [event for event in events if event["event"] == "step"]
        evaluation = [event for event in events if event["event"] == "evaluation"][-1]
        self.sets, self.step = evaluation["sets"], evaluation["step"]
        self.audio = 3600 * evaluation["audio_hours"] / self.step  # seconds a step

    def cpu(self):
        """CPU seconds a step: the median over the lines of progress, as the first has the reading of the data in it."""
        if not self.steps:
            return "-"
        return f"{self.audio / statistics.median(step['audio_per_cpu_second'] for step in self.steps):.2f}"

    def cer(self):
        return statistics.mean(self.sets[corpus]["cer"] for corpus in CORPORA)

    def row(self, base):
        change = "" if base is self else f"{self.cer() - base.cer():+.1f}"
        cells = []
        for corpus in CORPORA:
            result = self.sets[corpus]
            cells += [f"{result['loss']:.3f}", f"{result['cer']:.1f}", f"{result['wer']:.1f}"]
        return [self.what] + cells + [change, self.cpu(), f"{self.audio:.0f}"]


HEAD = ["run"] + [f"{name} {figure}" for name in CORPORA.values() for figure in ("loss", "CER", "WER")] + [
    "CER, change", "CPU s a step", "audio s a step"]


def read(out):
    """{group: {name: Run}}, in the order of runs.tsv; runs that have not ended are left out."""
    groups = {}
    with open(os.path.join(out, "runs.tsv"), encoding="utf-8") as lines:
        for line in lines:
            name, group, what = line.rstrip("\n").split("\t")
            path = os.path.join(out, "runs", name, "metrics.jsonl")
            if not os.path.exists(path):
                continue
            with open(path, encoding="utf-8") as file:
                events = [json.loads(event) for event in file]
            if any(event["event"] == "end" and event["finished"] for event in events):
                groups.setdefault(group, {})[name] = Run(what, events)
    return groups


def chunk_rows(out, runs):
    """Error rates at other chunk lengths, of those runs that were evaluated at them."""
    line = re.compile(r"chunk +(\d+) +(\S+) +WER +([\d.]+) % +CER +([\d.]+) %")
    rows = []
    for name, run in runs.items():
        path = os.path.join(out, name + "-chunks.txt")
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as file:
            found = {(match[2], int(match[1])): match for match in map(line.match, file) if match}
        rows.append([run.what] + [f"{float(found[corpus, chunk][4]):.1f}" for corpus in CORPORA for chunk in (1, 8, 0)])
    return rows


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} threads of {names[0]}" if names else platform.machine()


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    out, steps, size, init = sys.argv[1:]
    groups = read(out)
    if "recipe" not in groups.get("Recipe", {}):
        sys.exit(f"{out}: the run with the recipe has not ended; there is nothing to compare with")
    recipe = groups["Recipe"]["recipe"]
    seeds = [run.cer() for run in groups["Recipe"].values()]
    page = [
        "# What each ingredient of the training recipe is worth",
        "",
        f"The same run of {steps} steps with the recipe and with one thing changed: size {size}, begun with {init}, and at its end recognised greedily in",
        "chunks of 320 ms. Loss: nats a character; CER, WER: wrong characters and words in percent; change: of the mean CER of both sets. All runs have",
        "the same number of steps, so the CPU time of a step belongs to the price. Short runs tell what helps a model that still learns to spell; what only",
        "keeps a model from learning its data by heart looks like a loss here.",
        "",
        "```sh",
        f"STEPS={steps} SIZE={size}" + ("" if init == "nothing" else f" INIT={init}") + " scripts/measure_ablations.sh SPEECH OUT",
        "```",
        "",
        f"On {processor()}.",
    ]
    if len(seeds) > 1:
        page[-1] += (f" The recipe with {len(seeds)} seeds has mean CERs from {min(seeds):.1f} to {max(seeds):.1f}: "
                     "a change that is not clearly larger says nothing.")
    for group, runs in groups.items():
        base = next(iter(runs.values())) if group == "Tokens" and "letters" in runs else recipe
        others = [run for run in runs.values() if run is not base]
        page += ["", f"## {group}", "", table(HEAD, [run.row(base) for run in [base] + others]).rstrip("\n")]
        chunks = chunk_rows(out, {"recipe": recipe, **runs}) if group == "Chunks" else []
        if chunks:
            head = ["CER at"] + [f"{name} {chunk}" for name in CORPORA.values() for chunk in ("40 ms", "320 ms", "whole")]
            page += ["", table(head, chunks).rstrip("\n")]
    with open(os.path.join(out, "ablations.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(page) + "\n")
    print(f"wrote {os.path.join(out, 'ablations.md')}", file=sys.stderr)


if __name__ == "__main__":
    main()
