# Shows that dev/coverage.py can say no: to a line that is not reached nor explained, and to an explanation of one that is.
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "dev"))
import coverage

SOURCE = "int f(int a) {\n    if (a) return 1;\n    assert(a == 0);\n    return 0;\n}\n"


def answer(*lines):
    """gcov's, of one file: (number, count, has a block that was not executed)."""
    return {"files": [{"file": "../../src/wire/f.cpp", "lines": [
        {"line_number": n, "count": count, "unexecuted_block": partly} for n, count, partly in lines]},
        {"file": "/usr/include/c++/12/span", "lines": [{"line_number": 1, "count": 0, "unexecuted_block": True}]}]}


class Coverage(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        (self.root / "src/wire").mkdir(parents=True)
        (self.root / "src/wire/f.cpp").write_text(SOURCE, encoding="utf-8")

    def tearDown(self):
        self.folder.cleanup()

    def merge(self, *answers):
        return coverage.merge(answers, self.root, self.root / "build/coverage")

    def test_wants_all_of_a_line_and_takes_it_from_any_program(self):
        half = answer((1, 1, False), (2, 1, True), (3, 1, True), (4, 0, False))
        self.assertEqual(self.merge(half), {"src/wire/f.cpp": {1: True, 2: False, 3: True, 4: False}})
        whole = answer((1, 1, False), (2, 2, False), (4, 1, False))
        self.assertTrue(all(self.merge(half, whole)["src/wire/f.cpp"].values()))

    def test_objects_to_what_is_not_explained_and_to_what_need_not_be(self):
        unreached = [("src/wire/f.cpp", 2, "if (a) return 1;")]
        self.assertEqual(list(coverage.objections(unreached, {("src/wire/f.cpp", "if (a) return 1;")})), [])
        self.assertEqual(list(coverage.objections(unreached, set())),
                         ["src/wire/f.cpp:2: not reached, nor explained: if (a) return 1;"])
        self.assertEqual(list(coverage.objections([], {("src/wire/f.cpp", "return 0;")})),
                         ["src/wire/f.cpp: explained, but reached or gone: return 0;"])

    def test_reads_only_explanations(self):
        path = self.root / "list.txt"
        path.write_text("# remark\n\nwhy: it is so\nfile: a.cpp\n- x;\n- y;\n", encoding="utf-8")
        self.assertEqual(coverage.read_list(path), {("a.cpp", "x;"), ("a.cpp", "y;")})
        for wrong in ["because\n", "file: b.cpp\n- nobody says why;\n"]:
            path.write_text(wrong, encoding="utf-8")
            with self.assertRaises(SystemExit):
                coverage.read_list(path)


if __name__ == "__main__":
    unittest.main()
