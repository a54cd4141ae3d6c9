#!/bin/sh
# Measures what the decoder does: error rates, confidence, interim results, word times, noise, hot
# words; writes docs/decoding-results.md and draws its pictures.
#
#   scripts/measure_decoding.sh MODEL LM SPEECH OUT
#
# MODEL   speech model, *.safetensors
# LM      language model, *.rlm
# SPEECH  a folder with dev/librispeech-train-clean-5, dev/commonvoice-en-shubhra and noise
# OUT     results: *.tsv, decoding-results.md, *.svg (the last two belong into docs); and what the
#         encoder made of the recordings
#
# CALIBRATE=yes fits the confidence anew and writes it into MODEL. BUILD names the build folder.
set -eu
if [ $# -ne 4 ]; then
  sed -n '2,14s/^# \{0,1\}//p' "$0"
  exit 2
fi
model=$1 lm=$2 speech=$3 out=$4
here=$(dirname "$0")
program=${BUILD:-$here/../build/release}/bin/rill-decode-eval
fit_on=commonvoice-en-shubhra
mkdir -p "$out"

measure() { # NAME COMMAND [FLAGS...]
  name=$1 command=$2
  shift 2
  echo "$name ..." >&2
  "$program" "$command" --model "$model" --lm "$lm" --cache "$out" "$@" > "$out/$name.tsv"
}

write=
if [ "${CALIBRATE:-no}" = yes ]; then write=--write; fi
measure calibrate calibrate --fit-on $fit_on $write "$speech/dev"
measure settings sweep "$speech/dev"
measure beam sweep --decoder beam,open,lexicon --beam 1,2,4,8,16,32,64,128 "$speech/dev"
# Settings are chosen on one half of Common Voice; the other clips only report.
measure tune sweep --decoder open,lexicon --lm-weight 0.4,0.6,0.7,0.8,0.9,1.0,1.2 \
  --word-bonus 0,0.5,1,2 --half odd "$speech/dev/$fit_on"
measure lm-weight sweep --decoder open --lm-weight 0,0.1,0.2,0.3,0.4,0.5,0.6,0.8,1.0,1.2 "$speech/dev"
measure min-confidence sweep --decoder greedy,open --min-confidence 0,0.1,0.2,0.3,0.5 "$speech/dev"
measure interim interim "$speech/dev"
measure times times "$speech/dev"
measure hot-words hot-words "$speech/dev"
measure noise noise "$speech/noise"
python3 "$here/decoding_report.py" "$out" "$model" "$lm"
