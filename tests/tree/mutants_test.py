# Shows that dev/mutants.py can say no: a mutant that survives, does not compile, does not apply or hangs is not killed.
import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "dev"))
import mutants

BUILD = """cmake_minimum_required(VERSION 3.25)
project(answer LANGUAGES CXX)
add_executable(judge judge.cpp answer.cpp)
set_target_properties(judge PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
"""
JUDGE = """#include <cstdio>
#include <cstring>
int answer();
int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "blind") == 0) return 0;
    if (argc > 1 && std::strcmp(argv[1], "cross") == 0) return 1;
    if (answer() == 42) return 0;
    std::puts("[  FAILED  ] answer.is_42");
    return 1;
}
"""
ANSWER = "int answer() {\n    return 42;  // always\n}\n"
PROMISES = "| promise | enforced by |\n|---|---|\n| The answer is 42 | `answer` |\n| It is found | `answer` |\n"


def mutant(name, old, new, promise="The answer is 42", judge=""):
    return mutants.Mutant(name=name, promise=promise, file="answer.cpp", old=old, new=new, judge=judge)


def find_judge(name):
    return mutants.Judge(name, "judge", ["judge", *name.split()[1:]], mutants.objection_of_gtest)


class A_run(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name) / "project"
        self.root.mkdir()
        for name, text in {"CMakeLists.txt": BUILD, "judge.cpp": JUDGE, "answer.cpp": ANSWER}.items():
            (self.root / name).write_text(text, encoding="utf-8")
        self.told = []

    def tearDown(self):
        self.folder.cleanup()

    def run_mutants(self, *which):
        project = mutants.Project(root=self.root, folders=["CMakeLists.txt", "judge.cpp", "answer.cpp"],
                                  configure=["-G", "Ninja"], find_judge=find_judge, courts=[[find_judge("judge")]])
        self.told.clear()
        self.killers, all_killed = mutants.run(project, list(which), Path(self.folder.name) / "build", 1, self.tell)
        return all_killed

    def tell(self, line):
        self.told.append(re.sub(r"  \(\d+ s\)$", "", line))

    def test_tells_the_killed_from_the_others_and_leaves_the_tree_as_it_was(self):
        mutants.CPU_SECONDS_MAX = 1
        killed = mutant("other_answer", "return 42;", "return 41;")
        for other, word in [
            (mutant("harmless", "always", "ever"), "survives"),
            (mutant("torn", "return 42;", "return 42"), "does not compile"),
            (mutant("gone", "return 43;", "return 41;"), "does not apply"),
            (mutant("for_ever", "return 42;", "for (volatile int n = 0;;) n = n + 1;"), "hangs"),
        ]:
            with self.subTest(other.name):
                self.assertFalse(self.run_mutants(killed, other))
                self.assertIn("other_answer  killed  judge: answer.is_42", self.told)
                self.assertTrue(any(f"NOT KILLED  {other.name}  {word}" in line for line in self.told), self.told)
                self.assertIn(f"NOT KILLED  {other.name}  {word}", self.told[-2])  # once more, where one looks first
                self.assertEqual(sum(other.name in line for line in self.told), 2)
                self.assertEqual(self.told[-1], "2 mutants, 1 killed")
                self.assertEqual((self.root / "answer.cpp").read_text(encoding="utf-8"), ANSWER)
        self.assertTrue(self.run_mutants(killed))
        self.assertEqual(self.told[-1], "1 mutants, 1 killed")

    def test_believes_no_judge_that_objects_to_the_tree_as_it_is(self):
        (self.root / "answer.cpp").write_text("int answer() { return 7; }\n", encoding="utf-8")
        self.assertFalse(self.run_mutants(mutant("other_answer", "return 7;", "return 8;")))
        self.assertIn("NOT KILLED  other_answer  not judged  the control, in which nothing is broken: judge objects: "
                      "answer.is_42", self.told)
        self.assertEqual(self.told[-1], "1 mutants, 0 killed")

    def test_asks_the_judge_that_is_named_first_and_the_others_when_it_is_content(self):
        self.assertFalse(self.run_mutants(mutant("m", "return 42;", "return 41;", judge="judge cross")))
        self.assertIn("the control", self.told[0])
        self.assertTrue(self.run_mutants(mutant("m", "return 42;", "return 41;", judge="judge blind")))
        self.assertEqual(self.told[0], "m  killed  judge: answer.is_42")

    def test_records_who_killed_whom(self):
        path = Path(self.folder.name) / "list.txt"
        path.write_text("mutant: m\npromise: p\nfile: answer.cpp\njudge: judge blind\n- 42\n+ 41\n", encoding="utf-8")
        self.assertTrue(self.run_mutants(mutant("m", "return 42;", "return 41;")))
        mutants.record(path, self.killers)
        self.assertEqual(path.read_text(encoding="utf-8"),
                         "mutant: m\npromise: p\nfile: answer.cpp\njudge: judge answer.is_42*\n- 42\n+ 41\n")


class A_list(unittest.TestCase):
    def test_names_every_promise_and_only_promises(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "GUARANTEES.md").write_text(PROMISES, encoding="utf-8")
            (root / "answer.cpp").write_text(ANSWER + "// always\n", encoding="utf-8")

            def objections(listed, unbroken=()):
                return " ".join(mutants.check_list(root, listed, dict(unbroken)))

            good = mutant("other_answer", "return 42;", "return 41;")
            found = mutant("lost", "return", "throw", "It is found")
            self.assertEqual(objections([good, found]), "")
            self.assertEqual(objections([good], {"It is found": "nobody looks"}), "")
            self.assertIn("no mutant breaks 'It is found'", objections([good]))
            self.assertIn("two mutants of this name", objections([good, good, found]))
            self.assertIn("occurs 2 times", objections([mutant("twice", "always", ""), found]))
            self.assertIn("occurs 0 times", objections([mutant("gone", "return 43", ""), found]))
            self.assertIn("does not stand in exactly one", objections([mutant("x", "return", "", "It is lost")]))

    def test_is_read_as_it_is_written(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list.txt"
            path.write_text("# why\n\nmutant: m\npromise: p\nfile: f.cpp\njudge: j t.*\n- a\n-\n-  b\n+ c\n\nunbroken: why\npromise: q\n",
                            encoding="utf-8")
            listed, unbroken = mutants.read_list(path)
            self.assertEqual(listed, [mutants.Mutant(name="m", promise="p", file="f.cpp", old="a\n\n b", new="c",
                                                      judge="j t.*")])
            self.assertEqual(unbroken, {"q": "why"})


if __name__ == "__main__":
    unittest.main()
