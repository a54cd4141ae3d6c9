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
# CALIBRATE=yes writes the confidence, fitted anew, into MODEL. BUILD names the build folder. SPOKEN
# are patterns of sounds of SPEECH/noise in which somebody speaks, with commas between them: not these.
set -eu
if [ $# -ne 4 ]; then
  sed -n '2,15s/^# \{0,1\}//p' "$0"
  exit 2
fi
model=$1 lm=$2 speech=$3 out=$4
here=$(dirname "$0")
program=${BUILD:-$here/../build/release}/bin/rill-decode-eval
tune_on=commonvoice-en-shubhra
spoken=${SPOKEN:-'*__fox.opus,*__Substation3.opus,tuxpaint-stamps-default__[0-9]*,*_filled*,*_outline*'}
mkdir -p "$out"

measure() { # NAME COMMAND [FLAGS...]
  name=$1 command=$2
  shift 2
  echo "$name ..." >&2
  "$program" "$command" --model "$model" --lm "$lm" --cache "$out" "$@" > "$out/$name.tsv"
}

write=
if [ "${CALIBRATE:-no}" = yes ]; then write=--write; fi
measure calibrate calibrate $write "$speech/dev"
measure settings sweep "$speech/dev"
measure beam sweep --decoder beam,open,lexicon --beam 1,2,4,8,16,32,64,128 "$speech/dev"
# Settings are chosen on one half of Common Voice; the other clips only report.
measure tune sweep --decoder open,lexicon --lm-weight 0.6,0.8,0.9,1.0,1.1,1.2,1.4 \
  --letter-bonus 0,1,1.5,2,2.5,3 --half odd "$speech/dev/$tune_on"
measure tune-words sweep --decoder open --word-bonus -2,-1,-0.5,0,0.5,1,2 --half odd \
  "$speech/dev/$tune_on"
measure letter-bonus sweep --decoder open --letter-bonus 0,0.5,1,1.5,2,2.5,3,4 "$speech/dev"
measure unknown-letter sweep --decoder open --unknown-letter 1.5,1.8,2.1,2.4,2.8,3.5 "$speech/dev"
measure beam-threshold sweep --decoder open --beam 64,128 --beam-threshold 9,11,13,15,18 "$speech/dev"
measure lm-weight sweep --decoder open --lm-weight 0,0.1,0.2,0.3,0.4,0.5,0.6,0.8,1.0,1.2 "$speech/dev"
measure min-confidence sweep --decoder greedy,open --min-confidence 0,0.1,0.2,0.3,0.5 "$speech/dev"
measure alternatives sweep --decoder open --alternatives 0,1,3,10 "$speech/dev"
measure interim interim "$speech/dev"
# Longer than any recording: the alignment is the model's at its best.
measure times times --reference-chunk 512 "$speech/dev"
measure hot-words hot-words --decoder open,greedy "$speech/dev"
measure noise noise --without "$spoken" "$speech/noise"
python3 "$here/decoding_report.py" "$out" "$model" "$lm"
