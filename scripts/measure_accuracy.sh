#!/bin/sh
# Measures how well a model hears through a real server: look-ahead, noise, telephones, levels, an hour
# in one stream; writes docs/accuracy.md and draws its picture.
#
#   scripts/measure_accuracy.sh MODEL LM SPEECH OUT
#
# MODEL   speech model, *.safetensors
# LM      language model, *.rlm
# SPEECH  a folder with dev/librispeech-train-clean-5, dev/commonvoice-en-shubhra and noise
# OUT     results: *.tsv, accuracy.md, accuracy.svg (the last two belong into docs)
#
# Takes some 15 CPU-minutes. BUILD names the build folder.
set -eu
if [ $# -ne 4 ]; then
  sed -n '2,12s/^# \{0,1\}//p' "$0"
  exit 2
fi
model=$1 lm=$2 speech=$3 out=$4
here=$(dirname "$0")
programs=${BUILD:-$here/../build/release}/bin
mkdir -p "$out"

"$programs/rill-server" --model "$model" --language-model "$lm" --listen 127.0.0.1:0 2>"$out/server.log" &
server=$!
trap 'kill $server' EXIT
port=
while [ -z "$port" ]; do
  kill -0 $server || { cat "$out/server.log" >&2; exit 1; }
  sleep 0.2
  port=$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$out/server.log")
done

measure() { # NAME [FLAGS...]
  name=$1
  shift
  echo "$name ..." >&2
  "$programs/rill-eval" "$speech/dev" --server "127.0.0.1:$port" --table "$out/$name.tsv" "$@"
}

measure chunks --chunk-ms 40,80,160,320,640
measure greedy --greedy
measure conditions --condition noise20,noise10,noise5,telephone,level-30 --noise "$speech/noise"
measure hour --stream-minutes 60
measure live --live --jobs 40
python3 "$here/accuracy_report.py" "$out" "$model"
