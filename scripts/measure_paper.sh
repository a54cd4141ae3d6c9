#!/bin/sh
# Repeats the paper's experiments with the default settings of rill-paper, two and a half hours in all;
# none of the commands takes two. Stopped and started again, it goes on. Then scripts/paper_report.py
# writes docs/paper.md.
#
#   scripts/measure_paper.sh SPEECH OUT
#
# SPEECH  a folder with train/speech-commands-digit-strings, a corpus as docs/training.md has it
# OUT     results, snapshots, features. OUT/*.jsonl belong into docs/paper
#
# BUILD names the build folder. Needs the Debian packages dataset-fashion-mnist and festlex-cmu.
set -eu
if [ $# -ne 2 ]; then
  sed -n '2,11s/^# \{0,1\}//p' "$0"
  exit 2
fi
speech=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)
paper=${BUILD:-$here/../build/release}/bin/rill-paper
mkdir -p "$out"

# Strings of digits by a tenth of the speakers are held back.
digits=$speech/train/speech-commands-digit-strings
for part in train dev; do
  mkdir -p "$out/digits/$part/digit-strings"
  awk -F '\t' -v OFS='\t' -v part=$part -v folder="$(cd "$digits" && pwd)" '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; print; next }
    !($column["speaker"] in held) { held[$column["speaker"]] = ++speakers % 10 == 0 }
    held[$column["speaker"]] == (part == "dev") {
      $column["path"] = folder "/" $column["path"]
      print
    }' "$digits/manifest.tsv" > "$out/digits/$part/digit-strings/manifest.tsv"
done
cd "$out"

"$paper" scaling --run .
"$paper" generate --run . --part speed
"$paper" generate --run whole --part speed --size mnist --attention softmax-cached linear --batches 1 --timed-pixels 0
"$paper" copy --run .
"$paper" copy --run . --attention linear --updates 4000
"$paper" generate --run . --part train
"$paper" speech --run . --data digits/train --dev digits/dev
"$paper" speech --run epoch --cache features --data digits/train --dev digits/dev --layers 9 --stack 1 --rows 1 --updates 2
cp whole/generate.jsonl whole.jsonl
cp epoch/speech.jsonl epoch.jsonl
