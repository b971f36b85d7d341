# Shows that the code of docs/testing.md is that of a test that runs, word for word.
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs/testing.md").read_text(encoding="utf-8")
TEST = (ROOT / "tests/testing/gateway_test.cpp").read_text(encoding="utf-8")


def blocks(text):
    return re.findall(r"```c\+\+\n(.*?)```", text, re.DOTALL)


class Manual(unittest.TestCase):
    def test_shows_what_is_run(self):
        self.assertGreater(len(blocks(MANUAL)), 0)
        for block in blocks(MANUAL):
            self.assertIn(block, TEST)

    def test_is_found_out_when_it_does_not(self):
        self.assertNotIn(blocks(MANUAL)[0].replace("stall", "stal"), TEST)


if __name__ == "__main__":
    unittest.main()
