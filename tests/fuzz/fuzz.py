#!/usr/bin/env python3
# Runs fuzz targets on their corpora, keeps what they find, and says how to repeat it.
"""Runs the fuzz targets, one after the other: any bytes, for as long as it is told.

A corpus is tests/fuzz/corpus/TARGET.txt: an input per line in hexadecimal, remarks behind `#`. Lines above
"# found by fuzzing" are written by hand, or were once a find, and stay; what is below is chosen by --minimise.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

CORPORA = Path(__file__).parent / "corpus"
FOUND = "# found by fuzzing"
INPUT_BYTES_MAX = {"decoder": 128, "text": 96, "engine_bytes": 160, "engine_script": 256}


def read_corpus(text):
    """The lines that stay, and those that fuzzing has found."""
    kept, _, found = text.partition(FOUND)
    return kept, [line for line in found.splitlines() if line]


def inputs_of(text):
    return [bytes.fromhex(line) for line in text.splitlines() if line and not line.startswith("#")]


def unpack(text, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, data in enumerate(inputs_of(text)):
        (folder / f"{number:05}").write_bytes(data)


class Target:
    def __init__(self, name, arguments):
        self.name = name
        self.program = Path(arguments.programs) / f"fuzz_{name}"
        self.corpus = Path(arguments.corpora) / f"{name}.txt"
        self.work = Path(arguments.work) / name
        self.seeds = self.work / "seeds"
        self.found = self.work / "found"  # survives from run to run
        unpack(self.corpus.read_text(), self.seeds)
        self.found.mkdir(exist_ok=True)

    def call(self, *arguments):
        limits = [f"-max_len={INPUT_BYTES_MAX.get(self.name, 256)}", "-timeout=300", "-rss_limit_mb=2048"]
        return subprocess.run(
            [self.program, *limits, f"-artifact_prefix={self.work}/find-", *arguments],
            capture_output=True, text=True, errors="replace",
            env={**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1"},
        )

    def run(self, seconds):
        """True when nothing was found."""
        ended = self.call(f"-max_total_time={seconds}", "-print_final_stats=1", self.found, self.seeds)
        executions = re.search(r"stat::number_of_executed_units: (\d+)", ended.stderr)
        if ended.returncode == 0 and executions:
            cover = re.findall(r"cov: (\d+) ft: (\d+)", ended.stderr)[-1]
            print(f"{self.name}: {int(executions[1]):,} executions in {seconds} s, {cover[0]} edges, {cover[1]} features")
            return True
        print(ended.stderr[-8000:], file=sys.stderr)
        artifact = re.search(r"Test unit written to (\S+)", ended.stderr)
        if artifact:
            self.keep(Path(artifact[1]))
        else:
            print(f"fuzz: {self.program} ended with {ended.returncode}, see above", file=sys.stderr)
        return False

    def keep(self, artifact):
        line = artifact.read_bytes().hex(" ")
        text = self.corpus.read_text()
        kept, found = read_corpus(text)
        if line not in text.splitlines():
            kept = kept.rstrip("\n") + f"\n# a find; say here what it was\n{line}\n\n"
            self.corpus.write_text(kept + FOUND + "\n" + "".join(each + "\n" for each in found))
        print(f"fuzz: {self.name} has an objection, see above. To repeat it:\n"
              f"    ./run fuzz --target {self.name} --input {artifact}\n"
              f"fuzz: the input is the last one above '{FOUND}' in {self.corpus}, which ./run test replays.", file=sys.stderr)

    def repeat(self, file):
        ended = self.call(file)
        sys.stderr.write(ended.stderr)
        return ended.returncode == 0

    def minimise(self):
        """Of all inputs the fewest and shortest that reach as much; those written by hand stay anyway."""
        kept, _ = read_corpus(self.corpus.read_text())
        chosen = self.work / "chosen"
        by_hand = self.work / "by_hand"
        unpack(kept, by_hand)
        shutil.rmtree(chosen, ignore_errors=True)
        shutil.copytree(by_hand, chosen)
        ended = self.call("-set_cover_merge=1", chosen, self.found, self.seeds)
        if ended.returncode != 0:
            sys.exit(ended.stderr[-4000:])
        had = set(inputs_of(kept))
        new = sorted((each for each in (file.read_bytes() for file in chosen.iterdir()) if each not in had),
                     key=lambda each: (len(each), each))
        lines = "".join(each.hex(" ") + "\n" for each in new if each)
        self.corpus.write_text(kept.rstrip("\n") + f"\n\n{FOUND}\n" + lines)
        print(f"{self.name}: {len(had)} inputs by hand, {len(new)} found, {sum(map(len, new)) + sum(map(len, had))} bytes")


def main():
    parser = argparse.ArgumentParser(prog="./run fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--target", help="one of these: " + ", ".join(INPUT_BYTES_MAX))
    parser.add_argument("--minutes", type=float, default=1, help="for each target [1]")
    parser.add_argument("--seconds", type=int, help="the same in seconds")
    parser.add_argument("--input", help="gives the target this file, once")
    parser.add_argument("--minimise", action="store_true", help="chooses the corpora anew from all that was found")
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--work", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--corpora", default=CORPORA, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.input and not arguments.target:
        parser.error("--input needs --target")
    names = [arguments.target] if arguments.target else list(INPUT_BYTES_MAX)
    if names[0] not in INPUT_BYTES_MAX:
        parser.error(f"there is no target '{names[0]}', but " + ", ".join(INPUT_BYTES_MAX))
    targets = [Target(name, arguments) for name in names]
    if arguments.input:
        sys.exit(0 if targets[0].repeat(arguments.input) else 1)
    if arguments.minimise:
        for target in targets:
            target.minimise()
        return
    seconds = arguments.seconds or max(1, round(arguments.minutes * 60))
    results = [target.run(seconds) for target in targets]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
