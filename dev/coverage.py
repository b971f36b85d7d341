#!/usr/bin/env python3
# Which lines of wire and engine the fast tests reach; objects to those that they do not and that nobody has explained.
"""usage: coverage.py BUILD [--list FILE]

BUILD is the folder of the preset `coverage`, built. Runs its unit tests, conformance tests, scenarios, corpora and some of
the simulator, and asks gcov. A line counts as reached when all that is written in it was executed: of `if (a) return b;`
both halves, in the engine for hosts or in that for boards.

dev/unreached.txt says of each line that is not reached why that is right. A block:

    why: words that go for all lines below
    file: src/engine/engine.cpp
    - the text of a line
    - that of another one
"""
import argparse
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

FLOORS = re.compile(r"(src/(wire|engine)|include/mqtt_as)/[^/]+\.[ch]pp")
SIMULATIONS = [["mqtt-as-sim", "--seeds", "60"], ["mqtt-as-sim", "--exhaustive", "--stride", "23"],
               ["mqtt-as-sim-board", "--seeds", "30"]]


def read_list(path):
    """Pairs of file and text that are explained."""
    explained = set()
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        file, why = None, None
        for line in block.splitlines():
            if line.startswith("why: "):
                why = line[5:]
            elif line.startswith("file: "):
                file = line[6:]
            elif line.startswith("- ") and file and why:
                explained.add((file, line[2:].strip()))
            elif not line.startswith("#") and line.strip():
                sys.exit(f"{path}: not understood: {line}")
    return explained


def objections(unreached, explained):
    """What is wrong, each as a line. `unreached`: (file, number, text)."""
    there = {(file, text) for file, _, text in unreached}
    for file, number, text in sorted(unreached):
        if (file, text) not in explained:
            yield f"{file}:{number}: not reached, nor explained: {text}"
    for file, text in sorted(explained - there):
        yield f"{file}: explained, but reached or gone: {text}"


# ---- what is measured -------------------------------------------------------------------------------------------


def run_tests(build):
    """False when one fails."""
    programs = sorted((build / "bin").glob("*_test")) + [build / "bin/sim_tests"]
    commands = [[str(program), "--gtest_brief=1"] for program in programs]
    commands += [[str(build / "bin" / command[0]), *command[1:]] for command in SIMULATIONS]
    for target in sorted((build / "bin").glob("fuzz_*")):
        corpus = Path("tests/fuzz/corpus") / f"{target.name.removeprefix('fuzz_')}.txt"
        commands.append([str(target), str(corpus)])
    good = True
    for command in commands:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode:
            print(f"{' '.join(command)}\n{done.stdout}")
            good = False
    return good


def assertions(text):
    """The lines of assertions: what follows when one does not hold is for nobody to reach."""
    return {n for n, line in enumerate(text.splitlines(), 1) if line.lstrip().startswith("assert(")}


def merge(answers, root, build):
    """Of gcov's answers: for each file, for each line whether all of it was reached. Its names may begin in `build`."""
    lines = defaultdict(dict)
    for answer in answers:
        for file in answer["files"]:
            try:
                name = str(Path(os.path.normpath(build / file["file"])).relative_to(root))
            except ValueError:
                continue
            if not FLOORS.fullmatch(name):
                continue
            asserts = assertions((root / name).read_text(encoding="utf-8"))
            here = {}  # a line of a template is told once for each instance
            for line in file["lines"]:
                reached = line["count"] > 0 and (not line["unexecuted_block"] or line["line_number"] in asserts)
                here[line["line_number"]] = here.get(line["line_number"], False) or reached
            for number, reached in here.items():
                lines[name][number] = lines[name].get(number, False) or reached
    return lines


def ask_gcov(build):
    for data in sorted(build.rglob("*.gcda")):
        done = subprocess.run(["gcov", "--json-format", "--stdout", str(data)], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True, text=True)
        for line in done.stdout.splitlines():
            yield json.loads(line)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[0].removeprefix("usage: "))
    parser.add_argument("build", type=Path)
    parser.add_argument("--list", type=Path)
    given = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    build = given.build.resolve()
    for old in build.rglob("*.gcda"):
        old.unlink()
    good = run_tests(build)
    lines = merge(ask_gcov(build), root, build)
    if not lines:
        sys.exit("coverage: gcov says nothing of wire and engine")

    unreached = []
    for name in sorted(lines):
        text = (root / name).read_text(encoding="utf-8").splitlines()
        missed = [n for n, reached in sorted(lines[name].items()) if not reached]
        unreached += [(name, n, text[n - 1].strip()) for n in missed]
        print(f"{100 * (1 - len(missed) / len(lines[name])):6.1f} %  {len(lines[name]):5} lines  {name}")
    wrong = list(objections(unreached, read_list(given.list or root / "dev/unreached.txt")))
    for line in wrong:
        print(line)
    total = sum(len(each) for each in lines.values())
    print(f"{total - len(unreached)} of {total} lines reached, {len(unreached)} not, {len(wrong)} objections")
    sys.exit(0 if good and not wrong else 1)


if __name__ == "__main__":
    main()
