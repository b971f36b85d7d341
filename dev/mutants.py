#!/usr/bin/env python3
# Breaks the promises of mutants.txt one at a time, in copies of the tree; the tests must object to every one.
"""usage: mutants.py [NAME...] [--jobs N] [--check] [--list FILE]

Names: only mutants whose names contain one of them. --check: only that each still applies and each promise has one.

A block of mutants.txt:

    mutant: name_of_it                       promise: words that stand in one promise of GUARANTEES.md
    promise: words of one promise            unbroken: why no mutant of it can be judged here
    file: src/engine/engine.cpp
    - the text to find, which occurs once
    + what stands there instead

A mutant is killed when a judge fails. One that does not compile, no longer applies, survives or only hangs is not.
"""
import argparse
import queue
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

CPU_SECONDS_MAX = 120  # of one judge: as long as it takes, whoever else uses the machine
REAL_SECONDS_MAX = 1800


@dataclass
class Mutant:
    name: str
    promise: str
    file: str
    old: str
    new: str


@dataclass
class Judge:
    name: str
    command: list
    find_objection: object  # what it says when it objects, from its output


@dataclass
class Project:
    root: Path
    folders: list  # what is copied
    configure: list
    courts: list  # what is built and asked, one after the other: (targets, judges)


# ---- the list ---------------------------------------------------------------------------------------------------


def read_list(path):
    """The mutants, and the promises that have none with the reason why."""
    mutants, unbroken = [], {}
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        fields, old, new = {}, [], []
        for line in block.splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if line[0] in "-+" and line[1:2] in (" ", ""):
                (old if line[0] == "-" else new).append(line[2:])
            elif match := re.fullmatch(r"([a-z]+): (.*)", line):
                fields[match[1]] = match[2]
            else:
                sys.exit(f"{path}: not understood: {line}")
        if not fields:
            continue
        if "unbroken" in fields:
            unbroken[fields["promise"]] = fields["unbroken"]
            continue
        name = fields.pop("mutant")
        mutants.append(Mutant(name=name, old="\n".join(old), new="\n".join(new), **fields))
    return mutants, unbroken


def promises_of(text):
    """The first cells of the tables whose heads begin with `promise`."""
    found, inside = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == "promise":
            inside = True
        elif inside and not set(cells[0]) <= set("-: "):
            found.append(cells[0])
    return found


def check_list(root, mutants, unbroken):
    """All that is wrong with the list, each as a line."""
    for name in {m.name for m in mutants if sum(m.name == other.name for other in mutants) > 1}:
        yield f"{name}: two mutants of this name"
    for mutant in mutants:
        path = root / mutant.file
        count = path.read_text(encoding="utf-8").count(mutant.old) if mutant.old and path.is_file() else 0
        if count != 1:
            yield f"{mutant.name}: its text occurs {count} times in {mutant.file}, not once"
    promises = promises_of((root / "GUARANTEES.md").read_text(encoding="utf-8"))
    named = {m.promise: m.name for m in mutants} | {promise: "unbroken" for promise in unbroken}
    for words, name in named.items():
        if sum(words in promise for promise in promises) != 1:
            yield f"{name}: {words!r} does not stand in exactly one promise of GUARANTEES.md"
    for promise in promises:
        if not any(words in promise for words in named):
            yield f"GUARANTEES.md: no mutant breaks {promise!r}"


# ---- the copy ---------------------------------------------------------------------------------------------------


class Copy:
    """A copy of the tree that is built, broken, built again and mended."""

    def __init__(self, project, folder):
        self.project, self.folder = project, folder
        self.tree, self.build_folder = folder / "tree", folder / "build"

    def refresh(self):
        """As the project is now. What is the same keeps its time, so that it is not built again."""
        wanted = set()
        for name in self.project.folders:
            top = self.project.root / name
            for file in [top] if top.is_file() else (f for f in top.rglob("*") if f.is_file()):
                relative = file.relative_to(self.project.root)
                wanted.add(relative)
                there = self.tree / relative
                if not there.is_file() or there.read_bytes() != file.read_bytes():
                    there.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, there)
        for file in [f for f in self.tree.rglob("*") if f.is_file()]:
            if file.relative_to(self.tree) not in wanted:
                file.unlink()

    def run(self, command, log):
        with open(log, "ab") as out:
            return subprocess.run(command, cwd=self.tree, stdout=out, stderr=out, check=False).returncode

    def build(self, targets):
        """Empty, or what the compiler says."""
        log = self.folder / "build.log"
        log.unlink(missing_ok=True)
        if not (self.build_folder / "build.ninja").is_file():
            if self.run(["cmake", "-S", ".", "-B", str(self.build_folder), *self.project.configure], log):
                return log.read_text(errors="replace")
        if self.run(["cmake", "--build", str(self.build_folder), "--parallel", "1", "--target", *targets], log):
            return log.read_text(errors="replace")
        return ""

    def broken_by(self, mutant):
        return Broken(self.tree / mutant.file, mutant)


class Broken:
    """While it lasts, the file is the mutant's."""

    def __init__(self, path, mutant):
        self.path, self.mutant = path, mutant

    def __enter__(self):
        self.text = self.path.read_text(encoding="utf-8")
        self.path.write_text(self.text.replace(self.mutant.old, self.mutant.new), encoding="utf-8")

    def __exit__(self, *_):
        self.path.write_text(self.text, encoding="utf-8")


# ---- the judges -------------------------------------------------------------------------------------------------


def last_words(output):
    """What a program that crashed said last: mostly which assertion failed."""
    lines = [line for line in output.splitlines() if "Assertion" in line]
    found = re.search(r"([\w.]+:\d+): .*Assertion `(.*)' failed", lines[-1]) if lines else None
    return f"{found[1]} asserts {found[2]}" if found else "it crashed"


def objection_of_simulator(output):
    found = re.search(r"^seed (\d+) failed (.*)$", output, re.M)
    return f"seed {found[1]}: {found[2]}" if found else last_words(output)


def objection_of_small_cases(output):
    found = re.search(r"^first failure: (.*)$", output, re.M)
    return found[1] if found else last_words(output)


def objection_of_gtest(output):
    found = re.search(r"^\[  FAILED  \] ([^\s,(]+)", output, re.M)
    if found:
        return found[1]
    running = re.findall(r"^\[ RUN      \] (\S+)", output, re.M)
    return f"{running[-1]}: {last_words(output)}" if running else last_words(output)


def ask(judge, folder):
    """`objects`, `content` or `hangs`, and what it said."""

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    try:
        done = subprocess.run(judge.command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=REAL_SECONDS_MAX, preexec_fn=limit, text=True, errors="replace")
    except subprocess.TimeoutExpired:
        return "hangs", judge.name
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "hangs", judge.name
    if done.returncode != 0:
        return "objects", f"{judge.name}: {judge.find_objection(done.stdout)}"
    return "content", ""


def judge(copy, project):
    """The first objection; without any what else there is to say. A court is built only when those before were
    content: most mutants are killed by the first."""
    hung = []
    for targets, judges in project.courts:
        complaint = copy.build(targets)
        if complaint:
            error = re.search(r"error: .*", complaint)
            return "does not compile", error[0] if error else complaint[-300:]
        for each in judges(copy.build_folder / "bin"):
            result, words = ask(each, copy.folder)
            if result == "objects":
                return "killed", words
            if result == "hangs":
                hung.append(words)
    return ("hangs", ", ".join(hung)) if hung else ("survives", "no test objects")


# ---- the run ----------------------------------------------------------------------------------------------------


def try_mutant(copy, project, mutant):
    count = (copy.tree / mutant.file).read_text(encoding="utf-8").count(mutant.old) if mutant.old else 0
    if count != 1:
        return "does not apply", f"its text occurs {count} times"
    with copy.broken_by(mutant):
        return judge(copy, project)


def run(project, mutants, folder, jobs, tell=print):
    """True when the control is content and every mutant is killed."""
    copies = [Copy(project, folder / str(n)) for n in range(min(jobs, len(mutants)) or 1)]
    for copy in copies:
        copy.refresh()
    with_all = threading.Lock()
    waiting = queue.Queue()
    for mutant in sorted(mutants, key=lambda m: m.file):  # neighbours share what must be built again
        waiting.put(mutant)
    killed, failures = [], []

    def work(copy):
        result, words = judge(copy, project)
        if result != "survives":
            with with_all:
                failures.append("control")
                tell(f"the control, in which nothing is broken, {result}: {words}")
            return
        while True:
            try:
                mutant = waiting.get_nowait()
            except queue.Empty:
                return
            result, words = try_mutant(copy, project, mutant)
            with with_all:
                (killed if result == "killed" else failures).append(mutant.name)
                tell(f"{'' if result == 'killed' else 'NOT KILLED  '}{mutant.name}  {result}  {words}")

    workers = [threading.Thread(target=work, args=(copy,)) for copy in copies]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tell(f"{len(mutants)} mutants, {len(killed)} killed")
    return not failures and len(killed) == len(mutants)


# ---- this project -----------------------------------------------------------------------------------------------

def simulation(programs):
    program = str(programs / "mqtt-as-sim")
    yield Judge("seeds", [program, "--seeds", "100", "--fail-fast"], objection_of_simulator)
    yield Judge("small cases", [program, "--exhaustive", "--stride", "9"], objection_of_small_cases)


def tests(programs):
    for program in sorted(programs.glob("*_test")) + [programs / "sim_tests"]:
        yield Judge(program.name, [str(program), "--gtest_fail_fast"], objection_of_gtest)


def this_project(root):
    return Project(
        root=root,
        folders=["CMakeLists.txt", "CMakePresets.json", "cmake", "include", "src", "tests"],
        configure=["-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-O1 -w", "-DMQTT_AS_ASIO=OFF",
                   "-DMQTT_AS_INSTALL=OFF", "-DCMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE=PRE_TEST"],
        courts=[(["mqtt-as-sim"], simulation), (["unit_tests", "conformance_test", "sim_tests"], tests)],
    )


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[0].removeprefix("usage: "))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--list", type=Path)
    given = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    mutants, unbroken = read_list(given.list or root / "dev/mutants.txt")
    wrong = list(check_list(root, mutants, unbroken))
    for line in wrong:
        print(line)
    if given.check or wrong:
        sys.exit(1 if wrong else 0)
    if given.names:
        mutants = [m for m in mutants if any(name in m.name for name in given.names)]
    sys.exit(0 if run(this_project(root), mutants, root / "build/mutants", given.jobs) else 1)


if __name__ == "__main__":
    main()
