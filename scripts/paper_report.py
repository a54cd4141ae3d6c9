#!/usr/bin/env python3
"""docs/paper.md and its pictures from the results of scripts/measure_paper.sh.

  paper_report.py RESULTS DOCS    reads RESULTS/*.jsonl and measure_paper.sh beside this script;
                                  writes DOCS/paper.md, DOCS/paper-*.svg and DOCS/paper-images.png
"""
import json
import math
import os
import re
import struct
import sys
import textwrap
import zlib

from charts import Chart, nice_range, steps, table, write_svg

ORDER = ["bi-lstm", "softmax", "softmax-cached", "sdpa", "lsh-1", "lsh-4", "lsh-8", "linear"]
COLOR = {"bi-lstm": "#555555", "softmax": "#c8553d", "softmax-cached": "#e09f3e", "sdpa": "#7d4f9e",
         "lsh-1": "#a3b18a", "lsh-4": "#588157", "lsh-8": "#344e41", "linear": "#1b6ca8"}
NAME = {"softmax-cached": "softmax, cached", "sdpa": "PyTorch's fused softmax", "bi-lstm": "Bi-LSTM"}

# As printed: tables 1, 2 and 4 (images a second on a GPU), table 5 (seconds for one image on a CPU),
# tables 1 and 2 (bits per dimension), table 3.
PAPER_THROUGHPUT = {
    "mnist": {"softmax": 0.45, "softmax-cached": 7.56, "lsh-1": 0.68, "lsh-4": 0.27, "linear": 142.8},
    "cifar": {"softmax": 0.004, "softmax-cached": 0.32, "lsh-1": 0.015, "lsh-4": 0.005, "linear": 17.85}}
PAPER_LATENCY = {
    "mnist": {"softmax": 72.6, "softmax-cached": 7.4, "lsh-1": 46.0, "lsh-4": 112.0, "linear": 5.5},
    "cifar": {"softmax": 8651.4, "softmax-cached": 71.9, "lsh-1": 2318.9, "lsh-4": 5263.7, "linear": 45.1}}
PAPER_LATENCY_GPU = {
    "mnist": {"softmax": 10.2, "softmax-cached": 10.4, "lsh-1": 19.2, "lsh-4": 55.8, "linear": 7.3},
    "cifar": {"softmax": 300.1, "softmax-cached": 70.4, "lsh-1": 221.6, "lsh-4": 683.9, "linear": 61.3}}
PAPER_BITS = {"softmax": (0.621, 3.47), "lsh-1": (0.745, 3.39), "lsh-4": (0.676, 3.51),
              "linear": (0.644, 3.40)}
PAPER_SPEECH = {"bi-lstm": (10.94, 1047), "softmax": (5.12, 2711), "lsh-4": (9.33, 2250),
                "linear": (8.08, 824)}
PAPER_LONGEST = {"softmax": "4,096", "lsh-4": "16,384", "lsh-8": "16,384", "linear": "65,536"}


class Results:
    """A result file: its settings, and its lines."""

    def __init__(self, folder, name):
        with open(os.path.join(folder, name + ".jsonl"), encoding="utf-8") as file:
            first, *rest = [json.loads(line) for line in file]
        self.settings, self.lines = first["settings"], rest

    def where(self, **fields):
        return [line for line in self.lines if all(line.get(k) == v for k, v in fields.items())]

    def values(self, field, having):
        found = {line[field] for line in self.lines if having in line}
        return sorted(found, key=ORDER.index) if found <= set(ORDER) else sorted(found)


def common_update(results):
    """The last update that every model was evaluated at."""
    reached = {}
    for line in results.lines:
        if line.get("evaluation"):
            reached.setdefault(line["model"], set()).add(line["update"])
    return max(set.intersection(*reached.values()))


def models(results, prefix):
    """Those that have been evaluated, without the prefix."""
    return sorted({line["model"][len(prefix):] for line in results.lines if line.get("evaluation")}, key=ORDER.index)


def name(attention):
    return NAME.get(attention, attention)


def digits(value):
    """Three significant digits."""
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(places, 6)}f}"


def size(count):
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{digits(count)} {unit}"
        count /= 1024
    return ""


def log_ticks(low, high):
    return list(range(math.floor(low), math.ceil(high) + 1))


def log_chart(title, x_label, y_label, curves, y_name):
    """Both axes logarithmic."""
    xs = [math.log2(x) for points in curves.values() for x, _ in points]
    ys = [math.log10(y) for points in curves.values() for _, y in points]
    ticks = log_ticks(min(ys), max(ys))
    chart = Chart(title, x_label, y_label, (min(xs), max(xs)), (ticks[0], ticks[-1]))
    chart.ticks([(x, str(2**x) if x < 10 else f"{2**x // 1024}k") for x in range(round(min(xs)), round(max(xs)) + 1)], [])
    for y in ticks:
        at = chart.y(y)
        chart.parts.append(f'<path class="grid" d="M{chart.LEFT},{at:.1f}H{chart.WIDTH - chart.RIGHT}"/>')
        chart.text(chart.LEFT - 6, at + 4, y_name(y), "end")
    chart.key_x = chart.LEFT + 12
    for attention, points in curves.items():
        chart.line([(math.log2(x), math.log10(y)) for x, y in points], COLOR[attention], name(attention))
    return chart


def figure_1(results, docs):
    curves = {"cpu_seconds": {}, "peak_bytes": {}}
    for attention in results.values("attention", "exponent"):
        measured = results.where(attention=attention, outcome="measured")
        curves["cpu_seconds"][attention] = [(l["positions"], 1000 * l["cpu_seconds"]) for l in measured]
        curves["peak_bytes"][attention] = [(l["positions"], l["peak_bytes"] / 2**20) for l in measured]
    power = lambda y: f"{10**y:g}"
    write_svg(os.path.join(docs, "paper-figure-1.svg"), [
        log_chart("Time a sequence", "positions", "CPU ms", curves["cpu_seconds"], power),
        log_chart("Memory a sequence", "positions", "MiB", curves["peak_bytes"], power)])


def curve_chart(results, prefix, title, y_label, y_step, scale=1.0):
    curves, end = {}, common_update(results)
    for line in results.lines:
        if "loss" in line and line["update"] <= end and line["model"].startswith(prefix):
            curves.setdefault(line["model"][len(prefix):], []).append((line["update"], scale * line["loss"]))
    if not curves:
        return None
    last = max(x for points in curves.values() for x, _ in points)
    limits = nice_range([min(y for points in curves.values() for _, y in points),
                         min(max(y for points in curves.values() for _, y in points), 8 * y_step)], y_step)
    chart = Chart(title, "updates", y_label, (0, 1.04 * last), limits)  # room for the last label
    chart.ticks([(last * i / 4, f"{last * i / 4:g}") for i in range(5)], steps(limits, y_step))
    for attention in sorted(curves, key=ORDER.index):
        points = [(x, min(y, limits[1])) for x, y in curves[attention]]
        chart.parts.append('<path d="M' + "L".join(f"{chart.x(x):.1f},{chart.y(y):.1f}" for x, y in points) +
                           f'" fill="none" stroke="{COLOR[attention]}" stroke-width="1.5"/>')
        chart.keys.append((COLOR[attention], name(attention)))
    return chart


def write_png(path, rows):
    """rows: grey values 0 to 255."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def sheet(results, docs):
    """Originals, what was given of them, and each model's completion; a row each, four times as large."""
    originals = results.where(images="originals")[0]
    rows, columns = originals["rows"], originals["columns"]
    pixels = bytes.fromhex(originals["pixels"])
    count = len(pixels) // (rows * columns)
    given = b"".join(pixels[i * rows * columns:][:rows * columns // 2].ljust(rows * columns, b"\x80")
                     for i in range(count))
    done = {line["model"][len("images-"):]: bytes.fromhex(line["pixels"])
            for line in results.where(images="completed")}
    order = sorted(done, key=ORDER.index)
    out = []
    for images in [pixels, given] + [done[attention] for attention in order]:
        for y in range(rows):
            line = []
            for i in range(count):
                start = (i * rows + y) * columns
                for value in images[start:start + columns]:
                    line += [value] * 4
                line += [255] * 8
            out += [line] * 4
        out += [[255] * len(out[0])] * 8
    write_png(os.path.join(docs, "paper-images.png"), out)
    return order


def machine(settings):
    threads = settings["threads"]
    return f"{settings['processor']}, {settings['simd']}, {threads} thread{'s' if threads > 1 else ''}"


def scaling_section(results):
    head = ["", "time", "memory", "longest measured", "beyond", "longest in the paper (11 GB GPU)"]
    rows = []
    for attention in results.values("attention", "exponent"):
        fit = [line for line in results.where(attention=attention) if "exponent" in line][0]["exponent"]
        measured = results.where(attention=attention, outcome="measured")
        beyond = sorted({line["outcome"] for line in results.where(attention=attention)
                         if line.get("outcome") not in (None, "measured")})
        rows.append([name(attention), f"N^{fit['cpu_seconds']:.2f}", f"N^{fit['peak_bytes']:.2f}",
                     f"{measured[-1]['positions']:,}", ", ".join(beyond) or "-",
                     PAPER_LONGEST.get(attention, "-")])
    lengths = sorted({line["positions"] for line in results.lines if "positions" in line})
    shown = [n for n in lengths if n in (512, 2048, 8192, 32768, 65536)]
    cells = []
    for attention in results.values("attention", "exponent"):
        row = [name(attention)]
        for n in shown:
            line = results.where(attention=attention, positions=n, outcome="measured")
            row.append(f"{digits(1000 * line[0]['cpu_seconds'])} ms, {size(line[0]['peak_bytes'])}"
                       if line else "-")
        cells.append(row)
    return table(head, rows) + "\n" + table([""] + [f"N = {n:,}" for n in shown], cells)


def copy_section(results):
    rows = []
    for model in ["copy-" + attention for attention in models(results, "copy-")]:
        last = results.where(model=model, evaluation=True, update=common_update(results))[0]
        curve = [line for line in results.where(model=model) if "loss" in line and line["update"] <= last["update"]]
        rows.append([name(model[5:]), str(last["update"]), f"{last['test_loss']:.4f}",
                     f"{100 * last['accuracy']:.2f} %",
                     f"{100 * last['recurrent_accuracy']:.2f} %" if "recurrent_accuracy" in last else "-",
                     digits(curve[-1]["cpu_seconds"] / curve[-1]["update"])])
    return table(["", "updates", "loss, unseen strings", "symbols right, parallel", "symbols right, recurrent",
                  "CPU s an update"], rows)


def speed_tables(results):
    parts = []
    for images, title in (("mnist", "MNIST's size (784 steps, 8 layers)"),
                          ("cifar", "CIFAR-10's size (3,072 steps, 16 layers)")):
        batches = sorted({line["batch"] for line in results.where(size=images)})
        if not batches:
            continue
        rows = []
        base = results.where(size=images, attention="softmax", batch=1)[0]["cpu_seconds"]
        cached = results.where(size=images, attention="softmax-cached", batch=1)[0]["cpu_seconds"]
        for attention in PAPER_LATENCY[images]:
            line = results.where(size=images, attention=attention, batch=1)[0]
            seconds = line.get("cpu_seconds")
            paper = PAPER_LATENCY[images]
            rows.append([name(attention), digits(seconds) if seconds else line["outcome"],
                         f"{digits(base / seconds)} x" if seconds else "-",
                         f"{digits(cached / seconds)} x" if seconds else "-",
                         digits(paper[attention]), f"{digits(paper['softmax'] / paper[attention])} x",
                         f"{digits(paper['softmax-cached'] / paper[attention])} x",
                         digits(PAPER_LATENCY_GPU[images][attention])])
        parts.append(f"#### One image, {title}: tables 5 and 4\n\n" + table(
            ["", "CPU s", "times uncached softmax", "times cached softmax", "paper, CPU s", "its times uncached",
             "its times cached", "paper, GPU s"], rows))
        rows = []
        best = {}
        for attention in PAPER_THROUGHPUT[images]:
            cells = []
            for batch in batches:
                line = results.where(size=images, attention=attention, batch=batch)[0]
                rate = line.get("images_per_cpu_second")
                if rate:
                    best[attention] = max(best.get(attention, 0), rate)
                cells.append(digits(rate) if rate else line["outcome"])
            rows.append([name(attention)] + cells)
        for row, attention in zip(rows, PAPER_THROUGHPUT[images]):
            paper = PAPER_THROUGHPUT[images]
            state = results.where(size=images, attention=attention, batch=batches[0])[0]["state_bytes"]
            row += [f"{digits(best[attention] / best['softmax'])} x",
                    f"{digits(best[attention] / best['softmax-cached'])} x", digits(paper[attention]),
                    f"{digits(paper[attention] / paper['softmax'])} x",
                    f"{digits(paper[attention] / paper['softmax-cached'])} x", size(state)]
        parts.append(f"#### Images a second, {title}: tables 1, 2 and 4\n\n" + table(
            [""] + [f"batch {b}" for b in batches] +
            ["best: times uncached", "times cached", "paper, GPU", "its times uncached", "its times cached",
             "state a sequence"], rows))
    return "\n".join(parts)


def bits_section(results):
    rows = []
    for model in ["images-" + attention for attention in models(results, "images-")]:
        last = results.where(model=model, evaluation=True, update=common_update(results))[0]
        curve = [line for line in results.where(model=model) if "loss" in line and line["update"] <= last["update"]]
        paper = PAPER_BITS.get(model[7:])
        rows.append([name(model[7:]), str(last["update"]), f"{last['bits_per_dimension']:.3f}",
                     digits(curve[-1]["cpu_seconds"] / curve[-1]["update"])] +
                    ([f"{paper[0]:.3f}", f"{paper[1]:.2f}"] if paper else ["-", "-"]))
    return table(["", "updates", "bits per dimension, ours", "CPU s an update", "paper, MNIST", "paper, CIFAR-10"],
                 rows)


def speech_section(results):
    rows = []
    for model in ["speech-" + attention for attention in models(results, "speech-")]:
        last = results.where(model=model, evaluation=True, update=common_update(results))[0]
        curve = [line for line in results.where(model=model) if "loss" in line and line["update"] <= last["update"]]
        epoch = curve[-1]["cpu_seconds"] / curve[-1]["update"] * results.settings["batches_per_epoch"]
        paper = PAPER_SPEECH.get(model[7:])
        rows.append([name(model[7:]), str(last["update"]), f"{curve[-1]['loss']:.3f}"] +
                    [f"{rate:.1f}" for _, rate in sorted(last["error_rate"].items())] +
                    [digits(epoch)] + ([f"{paper[0]:.2f}", f"{paper[1]:,}"] if paper else ["-", "-"]))
    sets = sorted(next(line for line in results.lines if "error_rate" in line)["error_rate"])
    return table(["", "updates", "training loss, nats a phone"] + [f"{s}, % of phones wrong" for s in sets] +
                 ["CPU s an epoch", "paper: WSJ, % of phones wrong", "paper: s an epoch"], rows)


def commands():
    """The command lines of the measuring script."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "measure_paper.sh"), encoding="utf-8") as file:
        text = file.read()
    lines = re.findall(r'^"\$paper" (?:.*\\\n)*.*$', text, flags=re.M)
    return "\n".join(line.replace('"$paper"', "rill-paper") for line in lines)


PAGE = """# The paper, measured

rill stands on Katharopoulos, Vyas, Pappas, Fleuret, "Transformers are RNNs: fast autoregressive transformers with linear attention"
(ICML 2020, [arXiv 2006.16236](https://arxiv.org/abs/2006.16236)). `rill-paper` repeats its experiments in C++, linear attention on the kernels that
serve speech. The commands below, which `scripts/measure_paper.sh` runs one after the other, gave the results in [docs/paper](paper);
`scripts/paper_report.py` has written this page from them.

Measured on: {machine}, one of the two hardware threads of a core. Figure 1 and the speed of drawing had the machine to themselves; the trainings
ran two at a time beside other work, which is why their times are CPU time: read nothing into differences below a third there. The paper measured on GPUs
(GTX 1080 Ti, P40), table 5 on a CPU as well: compare ratios, not seconds. **The default settings, which these are, are smaller than the
paper's** where it says so, so that no command takes two hours: {minutes}. Every flag that leads to the paper's
own sizes is in `--help`. Nothing has run on a GPU: the program has no `--device`, since the kernels it measures are the CPU's.

```sh
{commands}
```

## What reproduced, and what did not

{verdict}

## What differs from the paper everywhere

- The network is as the authors' code for copying and images has it: `x = norm(x + attention(x))`, `x = norm(x + ffn(x))`, a last norm, an
  embedding beside a sinusoidal code of the position. No dropout and no weight decay.
- `linear`: phi(x) = elu(x) + 1, 1e-6 in the denominator, rill's kernels. Their heads are 64 wide; heads of 32 are filled up with zeros,
  which costs up to four times the arithmetic and four times the state of a kernel made for 32.
- `lsh-N`: Reformer's attention, ours: shared queries and keys, N rounds combined by log-sum-exp, 64 buckets, each chunk seeing
  itself and the one before. It is causal in what it reads, but which earlier positions a position meets depends on later ones, too (they take places in
  chunks): in training a later symbol can change an earlier output. The other attentions cannot, and the tests hold them to it.
- `softmax` keeps the matrix of weights, as PyTorch did then; `PyTorch's fused softmax` is today's `scaled_dot_product_attention`, which does not.

## Time and memory over length: figure 1

{scaling_text}

![Time and memory of attention over the length of the sequence](paper-figure-1.svg)

{scaling}
## Copying: figure 2

{copy_text}

![Loss on the copy task](paper-figure-2.svg)

{copy}
## Images, pixel by pixel: tables 1, 2, 4 and 5

{speed_text}

{speed}
## Images after training: section 4.2

{bits_text}

![Loss on Fashion-MNIST](paper-bits.svg)

{bits}
![Completed images](paper-images.png)

Rows: the originals (test set), what was given of them, and the lower halves drawn by {rows}. Not picked: the test set's first.

## Speech: table 3

{speech_text}

{speech}
{epoch_text}

{epoch}"""


def ratio(results, images, slow, fast):
    slow, fast = (results.where(size=images, attention=a, batch=1)[0].get("cpu_seconds") for a in (slow, fast))
    return digits(slow / fast) if slow and fast else "-"


def best_rate(results, images, attention):
    return max(line.get("images_per_cpu_second", 0) for line in results.where(size=images, attention=attention))


def verdict(scaling, copy, speed, whole, images, speech, epoch):
    fit = {a: [l for l in scaling.where(attention=a) if "exponent" in l][0]["exponent"]
           for a in scaling.values("attention", "exponent")}
    exact = lambda model: copy.where(model="copy-" + model, evaluation=True, update=common_update(copy))[0]
    last = copy.where(model="copy-linear", evaluation=True)[-1]
    bits = {l["model"][7:]: l["bits_per_dimension"] for l in images.where(update=common_update(images))
            if "bits_per_dimension" in l}
    phones = {l["model"][7:]: list(l["error_rate"].values())[0] for l in speech.where(update=common_update(speech))
              if "error_rate" in l}
    seconds = {}
    for line in epoch.lines:
        if "loss" in line:
            seconds[line["model"][7:]] = line["cpu_seconds"] / line["update"] * epoch.settings["batches_per_epoch"]
    cifar = {a: best_rate(speed, "cifar", a) for a in ("softmax", "softmax-cached", "linear")}
    listing = lambda values, unit: ", ".join(
        f"{name(a)} {digits(values[a])}{unit}" for a in sorted(values, key=ORDER.index))
    return "\n".join([
        f"- **Linear time and memory: reproduced.** N^{fit['linear']['cpu_seconds']:.2f} and N^{fit['linear']['peak_bytes']:.2f} against "
        f"N^{fit['softmax']['cpu_seconds']:.2f} and N^{fit['softmax']['peak_bytes']:.2f} for softmax. "
        "PyTorch's fused softmax, which the paper did not have, is linear in memory as well; only its time is quadratic.",
        f"- **Parallel and recurrent form are one function: reproduced.** After {last['update']:,} updates the linear model says "
        f"{100 * last['accuracy']:.2f} % of the symbols of unseen strings right in parallel, {100 * last['recurrent_accuracy']:.2f} % a step at a time.",
        f"- **\"The same loss as softmax\" on copying: not in as few updates.** After {exact('linear')['update']:,}: linear {exact('linear')['test_loss']:.3f} nats, softmax "
        f"{exact('softmax')['test_loss']:.3f}, LSH {exact('lsh-8')['test_loss']:.3f} with eight rounds, {exact('lsh-4')['test_loss']:.3f} with four. Lower than LSH: reproduced.",
        f"- **\"4,000 times faster\": true of what it is measured against.** The paper's 4,462 is against a softmax that computes the whole "
        f"prefix again for each pixel. Here, CIFAR-10's size, the best batch of each that was timed (of the uncached, 1): {digits(cifar['linear'] / cifar['softmax'])} times that, and "
        f"{digits(cifar['linear'] / cifar['softmax-cached'])} times a softmax that keeps its keys and values (the paper's own: 55.8). One image alone: "
        f"{ratio(speed, 'cifar', 'softmax', 'linear')} and {ratio(speed, 'cifar', 'softmax-cached', 'linear')} times.",
        f"- **One image alone against cached softmax**: {ratio(speed, 'mnist', 'softmax-cached', 'linear')} times for MNIST's 784 steps ("
        f"{ratio(whole, 'mnist', 'softmax-cached', 'linear')} with every pixel timed: there is little between them) and "
        f"{ratio(speed, 'cifar', 'softmax-cached', 'linear')} for CIFAR-10's 3,072 (the paper's CPU: 1.35 and 1.59). The gain is in many sequences at once, whose "
        "states stay small: that is what the server does with streams.",
        f"- **Likelihood of images: the paper's order on MNIST, reproduced.** {listing(bits, '')} bits per dimension after equal updates, of minutes where the paper took days: "
        "softmax best, then linear, then LSH, more rounds before fewer. What lies between linear and LSH is less than what a longer training might change.",
        f"- **Error rates of speech: not decided.** Phones wrong after equal updates: {listing(phones, ' %')}. The paper's order (softmax, linear, LSH, Bi-LSTM) is one of "
        "models trained to the end on 80 hours; ours, of a few minutes of training each on an hour of digits, is the order in which they begin to learn: the Bi-LSTM long before the others, which have not come far.",
        f"- **Time of an epoch of speech: linear is the quickest, reproduced; LSH quicker than softmax, not.** The paper's networks and frames: {listing(seconds, ' CPU s')}. "
        "Our clips are 250 frames long on average, the paper's 800, so softmax has less to lose; the Bi-LSTM, frame after frame, is by far the slowest on a CPU and was not "
        "on the paper's GPU.",
    ])


def minutes(copy, images, speech):
    """CPU minutes that the trainings took."""
    parts = []
    for name_, results in (("copy", copy), ("generate --part train", images), ("speech", speech)):
        last = {line["model"]: line["cpu_seconds"] for line in results.lines if "loss" in line}
        parts.append(f"`{name_}` trained for {sum(last.values()) / 60:.0f} CPU minutes")
    return ", ".join(parts) + "; `scaling` and `generate --part speed` took 4 minutes each"


def wrap(page):
    """Paragraphs and list items in lines of 150; tables, pictures, headings and code stay."""
    out, prose, code = [], [], False

    def end():
        if prose:
            text = " ".join(line.strip() for line in prose)
            out.extend(textwrap.wrap(text, 150, subsequent_indent="  " if text.startswith("- ") else "",
                                     break_long_words=False, break_on_hyphens=False))
            prose.clear()

    for line in page.split("\n"):
        fence = line.startswith("```")
        if fence or code or not line or line.startswith(("|", "!", "#")):
            end()
            out.append(line)
            code ^= fence
        else:
            if line.startswith("- "):
                end()
            prose.append(line)
    end()
    return "\n".join(out)


def report(folder, docs):
    scaling, copy, speed, whole, images, speech, epoch = (
        Results(folder, n) for n in ("scaling", "copy", "generate", "whole", "images", "speech", "epoch"))
    figure_1(scaling, docs)
    write_svg(os.path.join(docs, "paper-figure-2.svg"), [curve_chart(copy, "copy-", "Copying", "nats a symbol", 0.5)])
    write_svg(os.path.join(docs, "paper-bits.svg"),
              [curve_chart(images, "images-", "Fashion-MNIST", "bits per dimension", 0.5)])
    order = sheet(images, docs)
    s, c, i, p = scaling.settings, copy.settings, images.settings, speech.settings
    page = PAGE.format(
        machine=machine(s), minutes=minutes(copy, images, speech), commands=commands(), verdict=verdict(scaling, copy, speed, whole, images, speech, epoch),
        scaling_text=f"Forward and backward of attention alone, {s['heads']} heads of {s['head_width']}, causal; the batch is {s['tokens']:,} / N "
        "sequences, at least one; a process for each point, the quicker of two runs or more. Memory: the operating system's count of what became "
        "resident, beside inputs. Exponents: least squares over the four longest that were measured. \"Too slow\": would have taken longer than the limit in the command.",
        scaling=scaling_section(scaling),
        copy_text=f"Strings of up to {(c['length'] - 1) // 2 - 1} symbols in sequences of {c['length']}, {c['layers']} layers, {c['heads']} heads (the paper: 8), width "
        f"{c['width']} (256), batch {c['batch']} (64), RAdam {c['rate']:g}, 1e-4 after {c['drop_after']:,} updates (3,000). LSH: "
        f"{c['buckets']} buckets, chunks of {c['chunk']}, so that a chunk and the one before see half a sequence.",
        copy=copy_section(copy),
        speed_text="Networks of the paper's sizes (width 256, 8 heads) with random weights, drawing from a mixture of 10 logistics. "
        f"{speed.settings['timed_pixels']} pixels of an image are timed and the times between taken from the line between them. `softmax` and `lsh-N` compute the whole "
        "prefix for each pixel, as in the paper's tables 1, 2 and 5; `softmax, cached` keeps keys and values, as in its table 4. State: what a sequence carries at its end; "
        "of those that compute the prefix again, the pixels themselves. A check of the lines between: with all 784 pixels timed, MNIST's size takes " +
        " and ".join(f"{digits(line['cpu_seconds'])} CPU s ({name(line['attention'])})" for line in whole.where(outcome="measured")) + ".",
        speed=speed_tables(speed),
        bits_text=f"Fashion-MNIST in place of MNIST, {28 // i['shrink']} x {28 // i['shrink']} pixels (the paper: 28 x 28), {i['layers']} layers of width {i['width']} (8 of 256), "
        f"batch {i['batch']} (10), RAdam {i['rate']:g}, 1e-4 after {i['drop_after']} updates. The paper trained for 250 epochs, hundreds of times as many updates: its figures stand "
        "beside ours for the order of the attentions, not for their height.",
        bits=bits_section(images), rows=", ".join(name(a) for a in order),
        speech_text=f"CTC over phones (CMU's dictionary), no language model, greedy. Ours: {p['hours']:.2f} h of strings of digits by many speakers, a tenth of the speakers held back; "
        f"{p['layers']} layers, {p['heads']} heads, width {p['width']}, frames of {10 * p['stack']} ms, Bi-LSTM 3 x {p['lstm_width']}, rates {p['rate']:g} and {p['lstm_rate']:g}, gradients clipped at 5. The paper: "
        "80 h of the Wall Street Journal, 9 layers, 6 heads of 32, frames of 10 ms, Bi-LSTM 3 x 320, RAdam 1e-4, trained to the end.",
        speech=speech_section(speech),
        epoch_text=f"The time of an epoch at the paper's sizes: {epoch.settings['layers']} layers, {epoch.settings['heads']} heads, width {epoch.settings['width']}, Bi-LSTM 3 x "
        f"{epoch.settings['lstm_width']}, frames of {10 * epoch.settings['stack']} ms; from a few updates each, so only the time means something.",
        epoch=epoch_section(epoch))
    with open(os.path.join(docs, "paper.md"), "w", encoding="utf-8") as file:
        file.write(wrap(page))


def epoch_section(results):
    rows = []
    base = None
    for model in ["speech-" + attention for attention in models(results, "speech-")]:
        last = [line for line in results.where(model=model) if "loss" in line][-1]
        seconds = last["cpu_seconds"] / last["update"] * results.settings["batches_per_epoch"]
        paper = PAPER_SPEECH.get(model[7:])
        rows.append((name(model[7:]), seconds, paper[1] if paper else None))
        if model.endswith("-linear"):
            base = seconds
    return table(["", "CPU s an epoch", "times linear", "paper: s an epoch", "its times linear"],
                 [[n, digits(s), f"{s / base:.2f}", f"{p:,}" if p else "-", f"{p / 824:.2f}" if p else "-"]
                  for n, s, p in rows])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    report(*sys.argv[1:])


if __name__ == "__main__":
    main()
