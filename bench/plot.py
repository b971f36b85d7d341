#!/usr/bin/env python3
# Turns the figures of a full run into docs: tables between the marks of performance.md, and two plots.
"""usage: plot.py RESULTS.json DOCS"""
import json
import math
import sys
from pathlib import Path

OURS = "MQTT 3.1.1"
SERIES = {  # who: colour; in the order of the legend
    "limit": "#9aa0a6",
    "Asio floor": "#5f6368",
    OURS: "#1a73e8",
    "libmosquitto": "#e8710a",
    "Paho C": "#d93025",
    "Paho C++": "#9334e6",
}
LABELS = {"limit": "raw socket", OURS: "mqtt_as"}
BEGIN, END = "<!-- begin figures -->", "<!-- end figures -->"


class Figures:
    def __init__(self, result):
        self.all = result["figures"]
        self.index = {(f["subject"], f["quantity"], f["who"]): f["value"] for f in self.all}

    def get(self, subject, quantity, who):
        return self.index.get((subject, quantity, who))

    def subjects(self, quantity, where=lambda subject: True):
        return list(dict.fromkeys(f["subject"] for f in self.all if f["quantity"] == quantity and where(f["subject"])))

    def time(self, row, who):
        value = self.get(row, "CPU ns", who)
        return self.get(row, "p50 ns", who) if value is None else value


def readable(value):
    if value is None:
        return "-"
    if value == 0:
        return "0"
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def ratio(a, b):
    return f"{a / b:.2f}" if a is not None and b else "-"


def table(heads, lines):
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for line in lines:
        yield "| " + " | ".join(line) + " |"


# ---- tables ------------------------------------------------------------------------------------------------------

ROWS = (
    "P0 64 B W1,P0 64 B W100,P0 64 B W1000,P0 1 KiB W1000,P0 64 KiB W10,"
    "P1 64 B W1,P1 64 B W100,P1 64 B W1000,P1 1 KiB W100,P1 64 KiB W10,"
    "P2 64 B W1,P2 64 B W100,P2 64 B W1000,P2 1 KiB W100,P2 64 KiB W10,"
    "S0 64 B,S0 1 KiB,S0 64 KiB,S1 64 B W20,S1 64 B W1000,S2 64 B W100,round trip 64 B"
).split(",")


def row_tables(figures):
    clients = ["limit", "Asio floor", OURS, "MQTT 5", "coroutines", "libmosquitto", "Paho C", "Paho C++"]
    yield "### CPU nanoseconds per message (round trip: p50)"
    yield ""
    heads = ["", "raw socket", "Asio floor", "mqtt_as 3.1.1", "mqtt_as 5", "with `co_await`", "libmosquitto", "Paho C"]
    heads += ["Paho C++", "/ raw socket", "/ Asio floor", "/ best peer", "messages/s"]
    lines = []
    for row in ROWS:
        times = {who: figures.time(row, who) for who in clients}
        peers = [times[p] for p in ("libmosquitto", "Paho C", "Paho C++") if times[p]]
        ours = times[OURS]
        line = [row] + [readable(times[who]) for who in clients]
        line += [ratio(ours, times["limit"]), ratio(ours, times["Asio floor"]), ratio(ours, min(peers, default=None))]
        lines.append(line + [readable(figures.get(row, "messages/s", OURS))])
    yield from table(heads, lines)
    yield ""
    for quantity in ("instructions", "system calls", "allocations"):
        rows = [r for r in ROWS if figures.get(r, quantity, OURS) is not None]
        if quantity == "allocations":
            rows = ["P0 64 B W1000", "P1 64 B W100", "P2 64 B W100", "S0 64 B", "S1 64 B W20"]
        yield f"### {quantity.capitalize()} per message"
        yield ""
        yield from table(
            [""] + ["raw socket", "Asio floor", "mqtt_as 3.1.1", "mqtt_as 5", "with `co_await`"] + clients[5:],
            [[row] + [readable(figures.get(row, quantity, who)) for who in clients] for row in rows],
        )
        yield ""


SECTIONS = {  # title: how its subjects begin
    "With the payload": "P0 W100, payload",
    "With the window": "P1 64 B, window",
    "With the number of clients": "P1 64 B W10, ",
    "Copied or gathered": "copy or gather",
    "Idle clients": "1000 clients",
    "Several threads": "4 threads",
    "Through a real Mosquitto": "P1 64 B W100 through",
    "After an outage": "outage of",
    "One large message": "receive",
    "The smallest program": "smallest program",
}


def section_tables(figures):
    """Subject and quantity to the left, whose it is above."""
    for title, beginning in SECTIONS.items():
        part = [f for f in figures.all if f["subject"].startswith(beginning)]
        whose = list(dict.fromkeys(f["who"] for f in part))
        lines = dict.fromkeys((f["subject"], f["quantity"]) for f in part)
        if not part:
            continue
        yield f"### {title}"
        yield ""
        heads = ["", ""] + [LABELS.get(who, who) for who in whose]
        yield from table(heads, [[*line] + [readable(figures.get(*line, who)) for who in whose] for line in lines])
        yield ""


def profile_tables(figures):
    beginning = "profile of "
    for subject in dict.fromkeys(f["subject"] for f in figures.all if f["subject"].startswith(beginning)):
        row = subject.removeprefix(beginning)
        total = figures.get(row, "instructions", OURS)
        yield f"### Where the instructions of {row} go"
        yield ""
        lines = [
            [f"`{f['quantity']}`", readable(f["value"]), f"{100 * f['value'] / total:.0f} %" if total else "-"]
            for f in figures.all
            if f["subject"] == subject
        ]
        yield from table(["function", "instructions", "of all"], lines)
        yield ""


def gate_table(result):
    gates = result["gates"]
    met = sum(g["met"] for g in gates)
    yield f"### Gates: {met} met, {len(gates) - met} missed"
    yield ""
    lines = [
        [g["subject"], g["quantity"], readable(g["measured"]), readable(g["at_most"]), "yes" if g["met"] else "**no**"]
        for g in gates
    ]
    yield from table(["gate", "of", "measured", "at most", "met"], lines)
    yield ""


def update(document, result, name):
    machine = result["machine"]
    text = [
        BEGIN,
        f"Taken {machine['taken']} on {machine['processor']}, {machine['processors']} processors, {machine['memory']};"
        f" {machine['system']}; {machine['compiler']}, Boost {machine['boost'].replace('_', '.')}."
        f" Raw: [`{name}`](../bench/results/{name}).",
        "",
    ]
    figures = Figures(result)
    for part in (row_tables(figures), section_tables(figures), profile_tables(figures), gate_table(result)):
        text.extend(part)
    old = document.read_text(encoding="utf-8")
    before, _, rest = old.partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(before + "\n".join(text) + END + after, encoding="utf-8")


# ---- plots -------------------------------------------------------------------------------------------------------


class Svg:
    def __init__(self, width, height):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
            f' font-size="12"><rect width="{width}" height="{height}" fill="white"/>'
        ]

    def text(self, x, y, what, anchor="start", **style):
        extra = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in style.items())
        what = what.replace("&", "&amp;").replace("<", "&lt;")
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{what}</text>')

    def line(self, x1, y1, x2, y2, colour="#e0e0e0", width=1):
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'
        )

    def dot(self, x, y, colour, title):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"><title>{title}</title></circle>')

    def path(self, points, colour):
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')

    def legend(self, x, y, names):
        for name in names:
            self.dot(x, y - 4, SERIES[name], name)
            label = LABELS.get(name, name)
            self.text(x + 9, y, label)
            x += 30 + 7 * len(label)

    def save(self, file):
        file.write_text("\n".join(self.parts) + "\n</svg>\n", encoding="utf-8")


class Scale:
    """A logarithmic axis from the decade below the least value to the one above the greatest."""

    def __init__(self, values, begin, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.begin, self.end = begin, end

    def __call__(self, value):
        return self.begin + (self.end - self.begin) * (math.log10(value) - self.low) / (self.high - self.low)

    def decades(self):
        return [10**n for n in range(self.low, self.high + 1)]


def decade_name(value):
    return f"{value:g} ns" if value < 1e3 else f"{value / 1e3:g} us" if value < 1e6 else f"{value / 1e6:g} ms"


def plot_rows(figures, file):
    rows = [r for r in ROWS if figures.time(r, OURS)]
    height = 70 + 22 * len(rows)
    svg = Svg(860, height)
    values = [v for r in rows for w in SERIES if (v := figures.time(r, w))]
    x = Scale(values, 140, 840)
    svg.legend(140, 20, [w for w in SERIES if any(figures.time(r, w) for r in rows)])
    for decade in x.decades():
        svg.line(x(decade), 35, x(decade), height - 30)
        svg.text(x(decade), height - 12, decade_name(decade), "middle", fill="#5f6368")
    for i, row in enumerate(rows):
        y = 50 + 22 * i
        svg.text(130, y + 4, row, "end")
        svg.line(140, y, 840, y)
        for who, colour in reversed(SERIES.items()):
            if value := figures.time(row, who):
                svg.dot(x(value), y, colour, f"{row}, {LABELS.get(who, who)}: {readable(value)} ns")
    svg.save(file)


def number_in(subject, after):
    return int(subject.split(after)[1].split()[0].replace(",", ""))


def plot_growth(figures, file):
    panels = [
        ("payload of P0 W100 [B]", "payload ", "P0 W100, payload"),
        ("window of P1 64 B", "window ", "P1 64 B, window"),
        ("clients, P1 64 B W10 each", "W10, ", "P1 64 B W10, "),
    ]
    svg = Svg(960, 340)
    names = ["limit", "Asio floor", OURS]
    svg.legend(60, 20, names)
    for n, (title, after, beginning) in enumerate(panels):
        subjects = figures.subjects("CPU ns", lambda s, beginning=beginning: s.startswith(beginning))
        at = {s: number_in(s, after) for s in subjects}
        values = [v for s in subjects for w in names if (v := figures.get(s, "CPU ns", w))]
        if not values:
            continue
        left = 60 + 310 * n
        x = Scale(at.values(), left, left + 240)
        y = Scale(values, 280, 45)
        for decade in y.decades():
            svg.line(left, y(decade), left + 240, y(decade))
            svg.text(left - 6, y(decade) + 4, decade_name(decade), "end", fill="#5f6368", font_size=10)
        for decade in x.decades():
            svg.text(x(decade), 298, f"{decade:,}", "middle", fill="#5f6368", font_size=10)
        svg.text(left + 120, 322, title, "middle")
        for who in names:
            points = [(x(at[s]), y(v)) for s in subjects if (v := figures.get(s, "CPU ns", who))]
            if points:
                svg.path(points, SERIES[who])
    svg.save(file)


def main(results, docs):
    result = json.loads(Path(results).read_text(encoding="utf-8"))
    figures = Figures(result)
    plot_rows(figures, Path(docs) / "performance.svg")
    plot_growth(figures, Path(docs) / "performance-growth.svg")
    update(Path(docs) / "performance.md", result, Path(results).name)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
