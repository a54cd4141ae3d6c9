#!/bin/sh
# Measures what each ingredient of the training recipe is worth: the same short run once with the
# recipe and once with each ingredient taken out, put in or changed; writes docs/ablations.md.
#
#   scripts/measure_ablations.sh SPEECH OUT
#
# SPEECH  a folder with train, dev and noise, as docs/training.md has them
# OUT     runs, features, ablations.md (which belongs into docs). Stopped and started again, it goes
#         on; what is finished is not run again
#
# All runs have the same number of steps (not the same time), data, order and first weights. With
# the values below one takes some 4 minutes on two hyperthreads of Zen 4, all of them 1 h 40 min.
# Change them in the environment, with another OUT:
#
#   STEPS=340      of a run; at 175 s of audio a step on two cores
#   ROWS=5         of 17.9 s, a replica and step
#   SIZE=xs        of the model
#   INIT=          a model file that all runs begin with, but for those that compare tokens
#   TOKEN_STEPS=$STEPS  of the runs that compare tokens; with INIT they begin from nothing: give more
#   RATE=0.0025    highest learning rate; less with INIT
#   TEACHER=       a folder of what a larger model hears (make_teacher_codes.py): one run more
#   SEEDS="2 3"    the recipe again with other seeds: how much chance there is in these figures
#   ONLY=          names of runs (the first column below), if not all
#   REPLICAS=0     one a core; a result depends on it
#   BUILD          the build folder
#   CACHE=OUT/features  computed features; those of another run on the same speech will do
set -eu
if [ $# -ne 2 ]; then
  sed -n '2,28s/^# \{0,1\}//p' "$0"
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
speech=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
train=${BUILD:-$here/../build/release}/bin/rill-train
STEPS=${STEPS:-340} ROWS=${ROWS:-5} SIZE=${SIZE:-xs} INIT=${INIT:-} TEACHER=${TEACHER:-} RATE=${RATE:-0.0025}
SEEDS=${SEEDS-2 3} ONLY=${ONLY:-} REPLICAS=${REPLICAS:-0} CACHE=${CACHE:-$out/features}
TOKEN_STEPS=${TOKEN_STEPS:-$STEPS}

# The runs: NAME, GROUP, WHAT IS DIFFERENT, FLAGS.
runs() {
  run recipe "Recipe" "the recipe"
  for seed in $SEEDS; do run "seed-$seed" "Recipe" "the recipe, seed $seed" --seed "$seed"; done
  run chunks-8 "Chunks" "always chunks of 320 ms" --chunk-lengths 8
  run chunks-whole "Chunks" "always whole clips" --chunk-lengths 0
  run no-middle "Losses" "no CTC in the middle" --intermediate 0
  run consistency "Losses" "CR-CTC, 0.2: twice the work a step" --consistency 0.2
  run consistency-half "Losses" "CR-CTC, 0.2, half the clips a step" --consistency 0.2 --rows $(((ROWS + 1) / 2))
  if [ -n "$TEACHER" ]; then
    run teacher "Losses" "what a larger model hears, 0.3" --teacher "$TEACHER" --teacher-weight 0.3
  fi
  run crf "Losses" "CTC-CRF, 0.9" --crf 0.9 --crf-token-bonus 1.5
  run delay "Losses" "delay penalty, 0.01" --delay-penalty 0.01
  run no-average "Weights" "no moving average" --average-decay 0
  run adamw "Weights" "AdamW in place of Muon" --optimizer adamw
  run adamw-slow "Weights" "AdamW in place of Muon, 0.4 times the rate" --optimizer adamw --rate "$(scaled 0.4)"
  run no-masks "Augmentation" "no SpecAugment" --frequency-masks 0 --time-mask-every 0
  run no-speeds "Augmentation" "one speed" --speeds 1
  run no-gain "Augmentation" "no gain" --gain-db 0
  run no-noise "Augmentation" "no noise" --noise-probability 0
  run no-rooms "Augmentation" "no reverberation" --reverberation 0
  run rooms "Augmentation" "reverberation in 25 %" --reverberation 0.25
  run codec "Augmentation" "a codec in 25 %" --codec 0.25
  run warp "Augmentation" "frequencies warped by 10 %" --frequency-warp 0.1
  run equalizer "Augmentation" "an equalizer, 6 dB" --equalizer-db 6
  run no-telephone "Augmentation" "no telephone" --telephone 0
  run one-clip "Data" "a clip a row, $((3 * ROWS)) rows: no state from clip to clip" --one-clip-a-row --rows $((3 * ROWS))
  run no-shares "Data" "small vocabularies as often as the rest" --share "fsdd=1" "speech-commands*=1"
  # shellcheck disable=SC2086  # one argument a corpus
  run pseudo-0 "Data" "without machine-made labels" --share $shares commonvoice-en-pseudo=0
  run pseudo-1 "Data" "machine-made labels weighed in full" --loss-weight commonvoice-en-pseudo=1
  if [ -n "$INIT" ] || [ "$TOKEN_STEPS" != "$STEPS" ]; then run_tokens letters "single letters"; fi
  run_tokens pieces-128 "128 pieces of words" --tokens "$out/tokens-128.vocab"
  run_tokens pieces-256 "256 pieces of words" --tokens "$out/tokens-256.vocab"
}

# What the recipe has, to be given again with more to it: a flag replaces the file's value.
shares="fsdd=0.2 speech-commands-300=0.2 speech-commands-digit-strings=0.2"

scaled() { awk -v rate="$RATE" -v factor="$1" 'BEGIN { print rate * factor }'; }

wanted() { [ -z "$ONLY" ] || case " $ONLY " in *" $1 "*) ;; *) return 1 ;; esac; }

finished() { grep -qs '"event":"end","finished":true' "$out/runs/$1/metrics.jsonl"; }

train_run() { # NAME GROUP WHAT STEPS FLAGS...
  name=$1 steps=$4
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >> "$out/runs.tsv"
  wanted "$name" || return 0
  number=$((number + 1))
  if finished "$name"; then
    echo "[$number] $name: finished before" >&2
    return 0
  fi
  echo "[$number] $name: $3" >&2
  shift 4
  # shellcheck disable=SC2046  # two arguments, or none
  "$train" train --config "$here/../model/training/recipes/comparison.toml" --run "$out/runs/$name" \
    --cache "$CACHE" --data "$speech/train" --dev "$speech/dev" --noise "$speech/noise" \
    --size "$SIZE" --steps "$steps" --replicas "$REPLICAS" --log-steps 10 \
    $(default --rows "$ROWS" "$@") $(default --rate "$RATE" "$@") $(default --seed 1 "$@") "$@"
  # A run that was stopped ends well, too.
  finished "$name" || { echo "$name was stopped; the same command goes on" >&2; exit 1; }
}

# A flag with its value, unless it is among the others.
default() {
  flag=$1 value=$2
  shift 2
  for other; do [ "$other" != "$flag" ] || return 0; done
  echo "$flag $value"
}

run() { # NAME GROUP WHAT FLAGS...
  name=$1 group=$2 what=$3
  shift 3
  if [ -n "$INIT" ]; then set -- --init "$INIT" "$@"; fi
  train_run "$name" "$group" "$what" "$STEPS" "$@"
}

run_tokens() { # NAME WHAT FLAGS...
  name=$1 what=$2
  shift 2
  train_run "$name" "Tokens" "$what" "$TOKEN_STEPS" "$@"
}

number=0
: > "$out/runs.tsv"
for size in 128 256; do
  [ -e "$out/tokens-$size.vocab" ] ||
    "$train" tokens --data "$speech/train" --size $size --output "$out/tokens-$size.vocab"
done
runs
# What one chunk length or all of them are worth shows at others, too.
for name in recipe chunks-8 chunks-whole; do
  if wanted $name && finished $name && ! [ -s "$out/$name-chunks.txt" ]; then
    echo "$name at 40 ms, 320 ms and whole clips" >&2
    "$train" evaluate --run "$out/runs/$name" --cache "$CACHE" --dev "$speech/dev" --chunk 1 8 0 \
      > "$out/$name-chunks.part"
    mv "$out/$name-chunks.part" "$out/$name-chunks.txt"
  fi
done
python3 "$here/ablation_report.py" "$out" "$STEPS" "$SIZE" "$(basename "${INIT:-nothing}")"
