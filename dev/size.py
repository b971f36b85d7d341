#!/usr/bin/env python3
"""What the engine costs on boards, from the linked images of dev/size, and what whole firmware does; judged by the gates of
dev/size/gates.tsv.

usage: size.py BUILD...          a build folder of a preset `board*` each; the gates are for the first
"""
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VARIANTS = {
    "v3_1_1": "3.1.1",
    "v3_1_1_qos_1": "3.1.1, qos 0 and 1",
    "both": "5 and 3.1.1",
    "both_qos_1": "5 and 3.1.1, qos 0 and 1",
}
IMAGES = {  # of firmware/
    "microbit_traffic": "firmware: UART, engine",
    "mps2_lptest_min": "firmware: lwIP, DHCP, DNS, client",
    "mps2_lptest_min_callbacks": "  the same without coroutines",
}
COROUTINES = "coroutines"  # what they add to the last image
TITLES = VARIANTS | IMAGES | {COROUTINES: "  so coroutines cost"}
QUANTITIES = ("flash", "state", "ram", "stack", "heap")
TAKES_HEAP = re.compile(r"^(malloc|calloc|realloc|free|_?sbrk|_Zn[wa].*|_Zd[la].*)$")


def flash(map_text):
    """Bytes of the library in the image: of one object, made of all of it when it was linked."""
    kept = map_text[map_text.index("Linker script and memory map") :]
    section = re.compile(r"^ \.(?:text|rodata|srodata|literal|data|sdata)\S*\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (.*)$", re.M)
    return sum(int(size, 16) for size, of in section.findall(kept) if "ltrans" in of)


def deepest_stack(callgraph):
    """The deepest chain of calls. A call by pointer may reach every function of wire; one that closes a circle is
    counted once: `complete` ends joined operations, which have none of their own."""
    own = {}
    for title, size in re.findall(r'node: \{ title: "(.*?)" label: "[^"]*?\\n(\d+) bytes', callgraph):
        own[title] = int(size)
    calls = {title: set() for title in own}
    for source, target in re.findall(r'edge: \{ sourcename: "(.*?)" targetname: "(.*?)"', callgraph):
        calls.setdefault(source, set()).add(target)
    by_pointer = {title for title in own if "4wire" in title}

    def measure(title, above):
        if title in above:
            return 0
        targets = by_pointer if title == "__indirect_call" else calls.get(title, ())
        below = max((measure(target, above | {title}) for target in targets), default=0)
        return own.get(title, 0) + below

    return max((measure(title, frozenset()) for title in own), default=0)


def symbols(nm_text):
    """Names and sizes that nm prints."""
    return {line.split()[-1]: int(line.split()[1], 16) for line in nm_text.splitlines() if len(line.split()) == 4}


def heap_users(nm_text):
    return [line.split()[-1] for line in nm_text.splitlines() if line.split() and TAKES_HEAP.match(line.split()[-1])]


def measure(build, variant):
    cache = (build / "CMakeCache.txt").read_text()
    nm = re.search(r"CMAKE_NM:FILEPATH=(.*)", cache).group(1)
    image = build / "bin" / f"size_{variant}"

    def nm_of(file):
        return subprocess.run([nm, "-S", file], check=True, capture_output=True, text=True).stdout

    callgraphs = list(build.glob(f"**/size_{variant}.ltrans*.ci"))
    memory = symbols(nm_of(f"{image}.memory"))
    return {
        "flash": flash(Path(f"{image}.map").read_text()),
        "state": next(size for name, size in memory.items() if "engine_state" in name),
        "ram": memory["engine_memory"],
        "stack": deepest_stack("".join(file.read_text() for file in callgraphs)),
        "heap": len(heap_users(nm_of(image))),
    }


def measure_image(build, name):
    """What a whole firmware takes, libraries and stack included; None when it was not built."""
    image = build / "bin" / name
    if not image.exists():
        return None
    size_tool = re.search(r"CMAKE_NM:FILEPATH=(.*)", (build / "CMakeCache.txt").read_text()).group(1)[: -len("nm")] + "size"
    text = subprocess.run([size_tool, image], check=True, capture_output=True, text=True).stdout
    return image_sizes(text)


def image_sizes(size_text):
    text, data, bss = (int(field) for field in size_text.splitlines()[1].split()[:3])
    return {"flash": text + data, "ram": data + bss}


def saving(image, smaller):
    """None when one of them was not built."""
    return image and smaller and {"flash": image["flash"] - smaller["flash"]}


def read_gates(text):
    """(variant, quantity) -> (gate, today)"""
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {(variant, quantity): (int(gate), int(today)) for variant, quantity, gate, today in rows}


def judge(figures, gates):
    """Two lists: what got worse than both its gate and what was recorded, and which gates are missed without that."""
    worse, missed = [], []
    for (variant, quantity), (gate, today) in gates.items():
        value = figures[variant][quantity]
        line = f"{TITLES[variant]}: {quantity} {value}, gate {gate}"
        if value > max(gate, today):
            worse.append(f"{line}, recorded {today}")
        elif value > gate:
            missed.append(line)
    return worse, missed


def show(cpu, figures):
    print(f"{cpu:<36}" + "".join(f"{quantity:>8}" for quantity in QUANTITIES))
    for variant, values in figures.items():
        print(f"{'  ' + TITLES[variant]:<36}" + "".join(f"{values.get(quantity, ''):>8}" for quantity in QUANTITIES))


def main(builds):
    judged = None
    for build in builds:
        cpu = re.search(r"MQTT_AS_BOARD_CPU:\w+=(.*)", (build / "CMakeCache.txt").read_text()).group(1)
        figures = {variant: measure(build, variant) for variant in VARIANTS}
        if judged is None:
            gates = read_gates((HERE / "size/gates.tsv").read_text())
            figures |= {name: measure_image(build, name) for name in IMAGES}
            figures[COROUTINES] = saving(figures["mps2_lptest_min"], figures["mps2_lptest_min_callbacks"])
            for name in [name for name, values in figures.items() if values is None]:
                print(f"SKIPPED: {TITLES[name].strip()}: not built, for want of lwIP's source or of a compiler")
                del figures[name]
                gates = {gate: value for gate, value in gates.items() if gate[0] != name}
            judged = judge(figures, gates)
        show(cpu, figures)
    print("\nOther clients on a Cortex-M0+, their own code:")
    for line in (HERE / "size/peers.tsv").read_text().splitlines():
        if not line.startswith("#"):
            client, size, state, reconnects, resends = line.split("\t")
            print(f"  {client:<26}{size:>8}  {state}; reconnects: {reconnects}; resends qos 1: {resends}")
    worse, missed = judged
    print()
    for line in missed:
        print(f"missed: {line}")
    for line in worse:
        print(f"WORSE: {line}")
    print(f"{len(worse)} figures got worse, {len(missed)} gates missed")
    return 1 if worse else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
