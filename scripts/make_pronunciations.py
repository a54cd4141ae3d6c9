#!/usr/bin/env python3
"""Makes the file of how words are said that `rill-lm build --pronunciations` and
`rill-train train --pronunciations` take: for every word of some texts, its phones.

  scripts/make_pronunciations.py --dictionary cmudict-en-us.dict en.arpa.gz SPEECH/train > en.dict

Words of the dictionary (CMUdict's format; Debian's package pocketsphinx-en-us has one in
/usr/share/pocketsphinx/model/en-us) are said as it says first; flite's rules (package flite) say the
others. A word has one pronunciation: the speech model learns how it is really said.
"""
import argparse
import concurrent.futures
import gzip
import pathlib
import re
import subprocess
import sys


def read_dictionary(path):
    said = {}
    for line in open(path, encoding="latin-1"):
        word, *phones = line.split() or [";;;"]
        if not word.startswith(";;;") and "(" not in word:
            said.setdefault(word.lower(), [re.sub(r"\d+$", "", phone).upper() for phone in phones])
    return said


def words_of(path):
    """Of an ARPA file, the manifests below a folder, or a list whose lines begin with a word."""
    if path.is_dir():
        for manifest in sorted(path.rglob("manifest.tsv")):
            head, *lines = manifest.read_text(encoding="utf-8").splitlines()
            text = head.split("\t").index("text")
            for line in lines:
                yield from line.split("\t")[text].split()
        return
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")
    with opened as lines:
        unigrams = None  # whether these are the lines of an ARPA file's words; None: no ARPA file
        for line in lines:
            if line.startswith("\\"):
                if unigrams and line.strip() != "\\1-grams:":
                    return
                unigrams = line.strip() == "\\1-grams:"
            elif fields := line.split():
                if unigrams is None:
                    yield fields[0]
                elif unigrams:
                    yield fields[1]


def by_rule(word):
    phones = subprocess.run(["flite", "-t", word, "-ps", "none"], capture_output=True, text=True, check=True)
    return ["AH" if phone == "ax" else phone.upper() for phone in phones.stdout.split() if phone != "pau"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", nargs="+", type=pathlib.Path, metavar="TEXTS",
                        help="ARPA files, lists of words, or folders with manifest.tsv below them")
    parser.add_argument("--dictionary", required=True, help="file in CMUdict's format")
    options = parser.parse_args()
    said = read_dictionary(options.dictionary)
    words = {word for path in options.texts for word in words_of(path) if not word.startswith("<")}
    others = sorted(words - said.keys())
    with concurrent.futures.ThreadPoolExecutor() as pool:
        said.update(zip(others, pool.map(by_rule, others)))
    silent = 0
    for word in sorted(words):
        if said[word]:
            print(word, *said[word])
        else:
            silent += 1
    print(f"{len(words)} words, {len(others)} of them by rule, {silent} that nothing says: left out", file=sys.stderr)


if __name__ == "__main__":
    main()
