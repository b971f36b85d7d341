#!/usr/bin/env python3
# Reads the sources below a root and objects to every include that crosses the floors of the house.
"""usage: check_tree.py ROOT

Layers, lowest first: wire, engine, fronts, programs. docs/design.md says why; RULES says what each may include.
"""
import re
import sys
from pathlib import Path

FREESTANDING = set(
    "span string_view array optional variant chrono cstdint cstddef cstring utility limits type_traits compare "
    "concepts algorithm bit new cassert".split()
)
CORE = r"mqtt_as/(?:board_memory|engine|engine_config|message|packet_trace|properties|topic|types|upload_watch)\.hpp"  # the engine's public headers
BOARD = rf"{CORE}|mqtt_as/(?:as_result|message_view)\.hpp"  # those and what boards use besides
HOST = r"mqtt_as/(?!mqtt_as\.hpp)[a-z_]+\.hpp"  # those and what fronts on hosts share; mqtt_as.hpp selects a front
FRONTS = "asio|lwip|link|store"

# For files whose path matches the first pattern (the first rule that does): which of our headers may be included.
RULES = [
    (r"include/mqtt_as/mqtt_as\.hpp", r"mqtt_as/.*"),
    (rf"include/{CORE}", CORE),
    (rf"include/{HOST}", HOST),
    (r"include/mqtt_as/lwip/.*", rf"{BOARD}|mqtt_as/lwip/.*"),
    (rf"include/mqtt_as/({FRONTS})/.*", rf"{HOST}|mqtt_as/{{0}}/.*"),
    (r"include/mqtt_as/testing/.*", r"mqtt_as/(asio|testing)/.*"),
    (r"src/chaos/.*", r"mqtt_as/testing/faults\.hpp|src/chaos/.*"),  # uses nothing of the library
    (r"src/testing/.*", r"mqtt_as/.*|src/(asio|link|chaos|testing)/.*|tests/sim/.*"),  # the simulator's packets
    (r"src/wire/.*", rf"{CORE}|src/wire/.*"),
    (r"src/engine/.*", rf"{CORE}|src/wire/.*|src/engine/.*"),
    (r"src/lwip/.*", rf"{BOARD}|(mqtt_as|src)/lwip/.*"),
    (rf"src/({FRONTS})/.*", rf"{HOST}|mqtt_as/{{0}}/.*|src/{{0}}/.*|(mqtt_as|src)/(link|store)/.*"),
    (r"tests/sim/.*", rf"{CORE}|tests/sim/.*|tests/support/.*"),  # its broker is an independent witness
    (r"tests/(unit|conformance|fuzz)/.*", rf"{CORE}|src/(wire|engine)/.*|tests/(unit|support|{{0}})/.*"),
    (r"tests/support/.*", r"src/chaos/.*|tests/support/.*"),
    (rf"tests/({FRONTS})/.*", r"mqtt_as/.*|src/{0}/.*|tests/({0}|support)/.*"),
    (r"tests/cli/.*", r"mqtt_as/.*|tools/.*|tests/(asio|cli|support)/.*"),
    (r"tests/examples/.*", r"tests/(cli|support)/.*"),
    (r"tests/([a-z_]+)/.*", r"mqtt_as/.*|tests/({0}|support)/.*"),
    (r"tools/.*", r"mqtt_as/.*|tools/.*|src/chaos/.*|tests/support/.*"),
    (r"bench/.*", r"mqtt_as/.*|bench/.*|tests/support/.*"),
    (r"firmware/.*", rf"{BOARD}|mqtt_as/mqtt_as\.hpp|mqtt_as/lwip/.*|firmware/.*"),
    (r"examples/.*", r"mqtt_as/.*"),
    (r"dev/size/.*", rf"{CORE}|src/engine/.*"),
]
IS_OURS = re.compile(r"(mqtt_as|src|tests|tools|examples|bench|dev|firmware)/")
IS_FREESTANDING = re.compile(rf"include/{CORE}|src/(wire|engine)/.*")
IS_FOR_BOARDS = re.compile(r"(include/mqtt_as|src)/lwip/.*|firmware/.*")
FOR_BOARDS = FREESTANDING | {"coroutine"}
ITS_OWN = re.compile(r"(lwip|netif|mbedtls|mqtt_as)/.*")
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
READS_CLOCK = re.compile(r"\bnow\s*\(\s*\)|\b(system|steady|high_resolution)_clock\b")


def may_include(path, header):
    for where, what in RULES:
        if match := re.fullmatch(where, path):
            return bool(re.fullmatch(what.format(*match.groups()), header))
    return False


def check_file(root, path):
    lines = (root / path).read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0].startswith("// "):
        yield f"{path}:1: the first line is not a sentence that says what the file is for"
    if path.endswith(".hpp") and "#pragma once" not in lines:
        yield f"{path}:1: no #pragma once"
    freestanding = IS_FREESTANDING.fullmatch(path)
    for_boards = IS_FOR_BOARDS.fullmatch(path)
    for number, line in enumerate(lines, 1):
        where = f"{path}:{number}"
        if freestanding and READS_CLOCK.search(line.partition("//")[0]):
            yield f"{where}: reads a clock; time comes in as an argument"
        if not (include := INCLUDE.match(line)):
            continue
        quote, header = include.groups()
        if IS_OURS.match(header):
            if not may_include(path, header):
                yield f"{where}: {header} belongs to a floor that this one does not see"
        elif quote == '"' and not path.startswith("examples/"):  # which are copied with what lies beside them
            yield f"{where}: {header} is not written from the root of the repository"
        elif freestanding and header not in FREESTANDING:
            yield f"{where}: <{header}> is not for wire and engine"
        elif for_boards and header not in FOR_BOARDS and not ITS_OWN.match(header):
            yield f"{where}: <{header}> is not for boards"


def check_tree(root):
    """All objections, each as `path:line: what is wrong`."""
    folders = ("include", "src", "tests", "tools", "examples", "bench", "dev", "firmware")
    files = sorted(file for folder in folders for file in (root / folder).glob("**/*.[ch]pp"))
    if not files:
        yield f"{root}: no sources"
    for file in files:
        yield from check_file(root, file.relative_to(root).as_posix())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    objections = list(check_tree(Path(sys.argv[1])))
    print(*objections, sep="\n")
    sys.exit(1 if objections else 0)
