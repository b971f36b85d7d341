#!/usr/bin/env python3
# The tables of what the specifications ask of a client: writes docs/conformance.md, and holds the tables against the tests.
"""usage: conformance.py write            rewrites docs/conformance.md
       conformance.py check PROGRAM    says what does not fit: tables, document, and the tests of conformance_test

A row is an identifier, what it asks, and, where no test can look at it, the reason. Every other row has a test that is
named after it: [MQTT-3.1.2-24] of MQTT 5 is mqtt_5.MQTT_3_1_2_24.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/conformance.md"
TABLES = {"mqtt_3_1_1": ("MQTT 3.1.1", "mqtt311.tsv"), "mqtt_5": ("MQTT 5", "mqtt5.tsv")}
HEAD = "identifier\tasks\tnot tested because"


def test_name(identifier):
    return re.sub(r"[^A-Za-z0-9]", "_", identifier)


def read_table(text):
    """The rows (identifier, asks, reason or nothing), and what is wrong with them."""
    head, *lines = text.splitlines()
    wrong = [] if head == HEAD else [f"the first line is not '{HEAD}'"]
    rows = []
    for line in lines:
        cells = line.split("\t")
        if len(cells) not in (2, 3) or not all(cells):
            wrong.append(f"not a row: '{line}'")
            continue
        if cells[0] in (row[0] for row in rows):
            wrong.append(f"{cells[0]} appears twice")
        rows.append((cells[0], cells[1], cells[2] if len(cells) == 3 else ""))
    return rows, wrong


def compare(suite, rows, tests):
    """What is wrong between the rows of a table and the names of the tests of its suite."""
    wrong = []
    tested = {test_name(identifier): identifier for identifier, _, reason in rows if not reason}
    untested = {test_name(identifier): identifier for identifier, _, reason in rows if reason}
    wrong += [f"{identifier} has no test {suite}.{name}" for name, identifier in tested.items() if name not in tests]
    for name in sorted(tests):
        if name in untested:
            wrong.append(f"{untested[name]} has a test and a reason why it has none")
        elif name not in tested:
            wrong.append(f"{suite}.{name} has no row")
    return wrong


def render(tables):
    """The document; `tables` is suite -> (title, rows)."""
    out = [
        "# Conformance",
        "",
        "What the two specifications ask of a client, statement by statement, in our words; the identifiers are theirs. Made of the",
        "tables in `tests/conformance` by `tests/conformance/conformance.py write`; a test compares.",
        "",
        "Each test sends or receives the exact bytes, and fails when it demands nothing. `./run test -R mqtt_5.MQTT_3_1_2_24` runs one.",
    ]
    for suite, (title, rows) in tables.items():
        count = sum(1 for row in rows if not row[2])
        out += ["", f"## {title}", f"{len(rows)} statements, {count} with a test, {len(rows) - count} without.", ""]
        out += ["| statement | asks | test, or why there is none |", "|---|---|---|"]
        for identifier, asks, reason in rows:
            shown = f"`{suite}.{test_name(identifier)}`" if not reason else reason
            out.append(f"| {identifier} | {asks} | {shown} |")
    return "\n".join(out) + "\n"


def list_tests(text):
    """suite -> names, from what --gtest_list_tests prints."""
    suites = {}
    for line in text.splitlines():
        if line.startswith("  "):
            suites[suite].add(line.split()[0])
        elif line.rstrip().endswith("."):
            suite = line.strip()[:-1]
            suites[suite] = set()
    return suites


def main(arguments):
    wrong = []
    tables = {}
    for suite, (title, file) in TABLES.items():
        rows, bad = read_table((Path(__file__).parent / file).read_text())
        tables[suite] = (title, rows)
        wrong += [f"{file}: {each}" for each in bad]
    if arguments == ["write"]:
        DOCUMENT.write_text(render(tables))
    elif len(arguments) == 2 and arguments[0] == "check":
        tests = list_tests(subprocess.run([arguments[1], "--gtest_list_tests"], check=True, capture_output=True, text=True).stdout)
        for suite, (_, rows) in tables.items():
            wrong += compare(suite, rows, tests.get(suite, set()))
        if DOCUMENT.read_text() != render(tables):
            wrong.append("docs/conformance.md is not what the tables say: run tests/conformance/conformance.py write")
    else:
        sys.exit(__doc__)
    for each in wrong:
        print(f"conformance: {each}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
