# Shows that dev/doc_code.py finds all code of a document, and that the compiler then objects to it by the document's name;
# and that the README's example is the program that is said to be it.
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "dev"))
from doc_code import blocks, source_of

DOCUMENT = """# Title
```cpp
#include <map>
using mqtt_as::task;
task<> run(mqtt_as::MQTTClient& client) { co_await client.connect(); }
int main() { return mqtt_as::run({}, run); }
```
Text with `code_that_is_none();`
```cpp
config.server = "a";
std::map<int, int> m;
```
```sh
nothing | to compile
```
| there | C++ | differences |
|---|---|---|
| `a | b` | `config.port = 1;` | or `client.close();`, not `a type` |
| `left();` | a word | |

| no | code |
|---|---|
| `x();` | `y();` |
"""


def source(text):
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder, "guide.md")
        document.write_text(text)
        return source_of([document])


def errors(text):
    """What the compiler says about the code of this document."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "code.cpp").write_text(source(text)[0])
        done = subprocess.run(
            [COMPILER, "-std=c++20", f"-I{ROOT}/include", "-fsyntax-only", "-w", "code.cpp"],
            cwd=folder, capture_output=True, text=True)
        return done.stderr if done.returncode else ""


class DocCode(unittest.TestCase):
    def test_finds_blocks_and_statements_of_tables_and_nothing_else(self):
        text, count = source(DOCUMENT)
        self.assertEqual(count, 4)
        for piece in ("#include <map>\n", "int main_of_document() {", 'config.server = "a";', "config.port = 1;",
                      "client.close();"):
            self.assertIn(piece, text)
        for piece in ("code_that_is_none", "nothing", "left()", "a type", "x();", "y();"):
            self.assertNotIn(piece, text)

    def test_bad_code_is_objected_to_by_its_line(self):
        bad = DOCUMENT.replace('config.server = "a"', "config.srever = 1").replace("config.port = 1", "config.prot = 1")
        said = errors(bad)
        self.assertRegex(said, r"guide.md:10:\d+: error: .*srever")
        self.assertRegex(said, r"guide.md:1\d:\d+: error: .*prot")

    def test_a_program_stands_for_itself(self):
        self.assertRegex(errors(DOCUMENT.replace("using mqtt_as::task;\n", "")), r"guide.md:4:\d+: error: .*task")


class Readme(unittest.TestCase):
    def test_shows_the_example_as_it_is_compiled(self):
        def words(code):
            return re.sub(r"//.*", "", code).split()

        first = next(blocks((ROOT / "README.md").read_text(encoding="utf-8").splitlines()))[1]
        self.assertEqual(words(first), words((ROOT / "examples/result.cpp").read_text(encoding="utf-8")))


if __name__ == "__main__":
    COMPILER = sys.argv.pop()
    unittest.main()
