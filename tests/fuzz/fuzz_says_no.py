# Shows that ./run fuzz can say no: a target that claims too much is caught, its input kept, and the command repeats it.
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FUZZ = Path(__file__).parent / "fuzz.py"
PROGRAMS = sys.argv.pop()


class Find(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.corpora = Path(self.folder.name, "corpus")
        self.corpora.mkdir()

    def fuzz(self, *arguments, **environment):
        return subprocess.run(
            [sys.executable, FUZZ, "--programs", PROGRAMS, "--work", self.folder.name, "--corpora", self.corpora, *arguments],
            capture_output=True, text=True, errors="replace", env={**os.environ, **environment},
        )

    def test_of_a_target_that_claims_too_much(self):
        corpus = self.corpora / "text.txt"
        corpus.write_text("# a, b\n01 61 62\n\n# found by fuzzing\n02 61 62 63\n")
        # It claims that no filter matches any name. The seeds do not say otherwise; libFuzzer finds what does.
        ended = self.fuzz("--target", "text", "--seconds", "60", FUZZ_CLAIM_TOO_MUCH="1")
        self.assertEqual(ended.returncode, 1, ended.stdout + ended.stderr)
        self.assertIn("nothing matches", ended.stderr)
        # The input is where ./run test replays it, and nothing else has changed.
        lines = corpus.read_text().splitlines()
        self.assertEqual([lines[0], lines[1], *lines[-2:]], ["# a, b", "01 61 62", "# found by fuzzing", "02 61 62 63"])
        self.assertIn("# a find; say here what it was", lines)
        # The command that was printed repeats it, and without the false claim there is nothing to repeat.
        command = re.search(r"\./run fuzz (--target text --input \S+)", ended.stderr)[1].split()
        again = self.fuzz(*command, FUZZ_CLAIM_TOO_MUCH="1")
        self.assertEqual(again.returncode, 1)
        self.assertIn("nothing matches", again.stderr)
        self.assertEqual(self.fuzz(*command).returncode, 0)

    def test_of_nothing_is_no_find(self):
        (self.corpora / "text.txt").write_text("01 61 62\n")
        ended = self.fuzz("--target", "text", "--seconds", "1")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertRegex(ended.stdout, r"text: [\d,]+ executions in 1 s, \d+ edges, \d+ features")

    def test_of_a_target_that_does_not_exist_is_an_error(self):
        ended = self.fuzz("--target", "nonsense")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("there is no target 'nonsense', but decoder", ended.stderr)


unittest.main()
