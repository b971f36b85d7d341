# Shows that conformance.py can say no: each fault of a table, a test or the document.
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from conformance import HEAD, compare, list_tests, read_table, render, test_name

ROWS = [("MQTT-1.2.3-4", "one", ""), ("section 3.3", "two", ""), ("MQTT-6.0.0-1", "three", "There is none.")]
TESTS = {"MQTT_1_2_3_4", "section_3_3"}


class Tables(unittest.TestCase):
    def test_good_ones_are_accepted(self):
        text = HEAD + "\nMQTT-1.2.3-4\tone\nsection 3.3\ttwo\nMQTT-6.0.0-1\tthree\tThere is none.\n"
        self.assertEqual(read_table(text), (ROWS, []))

    def test_a_row_that_is_none_and_one_that_appears_twice_are_objected_to(self):
        for text, what in (
            ("MQTT-1\n", "not a row"),
            ("MQTT-1\t\tno reason without a statement\n", "not a row"),
            ("MQTT-1\ta\tb\tc\n", "not a row"),
            ("MQTT-1\tone\nMQTT-1\tagain\n", "appears twice"),
        ):
            self.assertIn(what, " ".join(read_table(HEAD + "\n" + text)[1]), text)
        self.assertIn("the first line", " ".join(read_table("identifier\n")[1]))


class Tests(unittest.TestCase):
    def test_names_follow_identifiers(self):
        self.assertEqual(test_name("MQTT-3.1.2-24"), "MQTT_3_1_2_24")
        self.assertEqual(test_name("section 3.2.2.3.11"), "section_3_2_2_3_11")

    def test_one_for_each_row_is_accepted(self):
        self.assertEqual(compare("s", ROWS, TESTS), [])

    def test_each_mismatch_is_objected_to(self):
        self.assertEqual(compare("s", ROWS, TESTS - {"section_3_3"}), ["section 3.3 has no test s.section_3_3"])
        self.assertEqual(compare("s", ROWS, TESTS | {"MQTT_9_9_9_9"}), ["s.MQTT_9_9_9_9 has no row"])
        self.assertEqual(
            compare("s", ROWS, TESTS | {"MQTT_6_0_0_1"}), ["MQTT-6.0.0-1 has a test and a reason why it has none"]
        )
        self.assertEqual(len(compare("s", ROWS, set())), 2)

    def test_are_read_from_what_the_program_lists(self):
        listed = "Running main() from gtest_main.cc\ns.\n  MQTT_1_2_3_4\n  section_3_3\nother.\n  MQTT_1_2_3_4\n"
        self.assertEqual(list_tests(listed), {"s": TESTS, "other": {"MQTT_1_2_3_4"}})


class Document(unittest.TestCase):
    def test_changes_with_every_cell(self):
        text = render({"s": ("S", ROWS)})
        self.assertIn("3 statements, 2 with a test, 1 without.", text)
        self.assertIn("| MQTT-1.2.3-4 | one | `s.MQTT_1_2_3_4` |", text)
        for at in range(3):
            row = list(ROWS[2])
            row[at] += "!"
            self.assertNotEqual(render({"s": ("S", [*ROWS[:2], tuple(row)])}), text)


unittest.main()
