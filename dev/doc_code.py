#!/usr/bin/env python3
# Puts the C++ of our documents into one source that the tests compile.
"""usage: doc_code.py DOCUMENT...

Of each document it takes
- blocks fenced as ```cpp: whole programs, functions, or statements;
- in tables with a column called "C++": each `statement;` in that column.

A whole program, which has a `main`, stands for itself. Functions and statements find `task` and the literals of std::chrono; statements also what a reader
expects to be there: `client`, `config`, `query`, `topic`, a coroutine `f`. Errors of the compiler name the document.
"""
import re
import sys
from pathlib import Path

HEAD = """// Made by dev/doc_code.py. Not to be edited, not to be run.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <mqtt_as/mqtt_as.hpp>

mqtt_as::task<> f();
"""
CONTEXT = "mqtt_as::MQTTClient& client, mqtt_as::config config, mqtt_as::bytes query, std::string topic"
BEGINS_FUNCTION = re.compile(r"^(?:\w[\w:<>&* ]* )?\w+(?:<[\w:]*>)? \w+\(.*\) (?:const )?\{", re.MULTILINE)


def statement(code):
    return f"    {{\n        {code}\n    }}"


def blocks(lines):
    """The fenced blocks, as (number of the first line, text)."""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and line.strip() == "```cpp":
            start = number + 1
        elif start is not None and line.strip() == "```":
            yield start, "\n".join(lines[start - 1 : number - 1])
            start = None


def cells(line):
    text = line.strip().removeprefix("|").removesuffix("|")
    result, inside, cell = [], False, ""
    for c in text:  # a bar in code is none
        if c == "`":
            inside = not inside
        if c == "|" and not inside:
            result.append(cell.strip())
            cell = ""
        else:
            cell += c
    return result + [cell.strip()]


def table_statements(lines):
    """The statements of columns called C++, and of those behind it, as (number of the line, text)."""
    column = None
    for number, line in enumerate(lines, 1):
        if not line.startswith("|"):
            column = None
        elif column is None:
            column = cells(line).index("C++") if "C++" in cells(line) else -1
        elif column >= 0:
            for cell in cells(line)[column:]:
                for code in re.findall(r"`([^`]+;)`", cell):
                    if not code.startswith("return "):
                        yield number, code


def source_of(documents):
    """The source, and how many pieces of code are in it."""
    includes, programs, parts, count = [], [], [], 0
    for path in documents:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        for number, code in blocks(lines):
            count += 1
            includes += re.findall(r"^#include .*$", code, re.MULTILINE)
            code = re.sub(r"^#include .*$", "", code, flags=re.MULTILINE)
            place = f'#line {number} "{path}"'
            if "int main(" in code:
                code = code.replace("int main(", "int main_of_document(")
                programs.append(f"namespace block_{count} {{\n{place}\n{code}\n}}")
            elif BEGINS_FUNCTION.search(code):
                parts.append(f"namespace block_{count} {{\n{place}\n{code}\n}}")
            else:
                parts.append(f"mqtt_as::task<> block_{count}({CONTEXT}) {{\n{place}\n{code}\n    co_return;\n}}")
        for number, code in table_statements(lines):
            count += 1
            place = f'#line {number} "{path}"'
            parts.append(f"mqtt_as::task<> block_{count}({CONTEXT}) {{\n{place}\n{statement(code)}\n    co_return;\n}}")
    usings = "using namespace std::chrono_literals;\nusing mqtt_as::task;"
    return HEAD + "\n\n".join(["\n".join(sorted(set(includes))), *programs, usings, *parts]) + "\n", count


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    print(source_of(sys.argv[1:])[0], end="")
