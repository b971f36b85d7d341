# Shows that dev/size.py can say no, and that it reads what compilers and linkers write.
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "dev"))
from size import deepest_stack, flash, heap_users, image_sizes, judge, read_gates, symbols

GATES = read_gates("# a comment\nboth\tflash\t100\t150\nboth\theap\t0\t0\n")

MAP = """
 .text          0x00000000       0xff discarded/by.ltrans0.ltrans.o

Linker script and memory map

 .text.startup.main
                0x00008000       0x10 image.cpp.obj
 .text._ZN1aEv  0x00008010       0x20 /tmp/cc.ltrans0.ltrans.o
 .text._ZN1a_a_name_too_long_for_its_columnEv
                0x00008030        0x8 /tmp/cc.ltrans0.ltrans.o
 .rodata.table  0x00008038        0x4 /tmp/cc.ltrans0.ltrans.o
 .bss.variable  0x20000000       0x40 /tmp/cc.ltrans0.ltrans.o
 .text          0x0000803c       0x30 libc.a(memcpy.o)
"""

CALLS = r"""
node: { title: "top" label: "top\na.cpp:1:1\n8 bytes (static)\n0 dynamic objects" }
node: { title: "left" label: "left\na.cpp:2:1\n16 bytes (static)\n0 dynamic objects" }
node: { title: "right" label: "right\na.cpp:3:1\n4 bytes (static)\n0 dynamic objects" }
node: { title: "_ZN7mqtt_as4wire6decode" label: "decode\na.cpp:4:1\n40 bytes (static)\n0 dynamic objects" }
edge: { sourcename: "top" targetname: "left" label: "a.cpp:1:1" }
edge: { sourcename: "top" targetname: "right" label: "a.cpp:1:2" }
edge: { sourcename: "left" targetname: "top" label: "a.cpp:2:2" }
edge: { sourcename: "right" targetname: "__indirect_call" label: "a.cpp:3:2" }
"""


class Size(unittest.TestCase):
    def test_what_is_within_its_gate_is_good(self):
        self.assertEqual(judge({"both": {"flash": 100, "heap": 0}}, GATES), ([], []))

    def test_above_the_gate_but_not_above_what_was_recorded_is_missed(self):
        worse, missed = judge({"both": {"flash": 150, "heap": 0}}, GATES)
        self.assertEqual((len(worse), len(missed)), (0, 1))

    def test_above_both_is_worse(self):
        worse, _ = judge({"both": {"flash": 151, "heap": 0}}, GATES)
        self.assertEqual(worse, ["5 and 3.1.1: flash 151, gate 100, recorded 150"])

    def test_any_heap_is_worse(self):
        worse, _ = judge({"both": {"flash": 1, "heap": 1}}, GATES)
        self.assertEqual(len(worse), 1)

    def test_a_figure_that_is_not_measured_is_no_success(self):
        with self.assertRaises(KeyError):
            judge({"both": {"flash": 1}}, GATES)

    def test_flash_counts_the_library_in_the_image_and_nothing_else(self):
        self.assertEqual(flash(MAP), 0x20 + 0x8 + 0x4)

    def test_stack_is_the_deepest_chain_through_circles_and_pointers(self):
        self.assertEqual(deepest_stack(CALLS), 16 + 8 + 4 + 40)  # left, top, right, what a pointer may reach

    def test_heap_is_found_by_name(self):
        self.assertEqual(heap_users("00008000 T main\n00008010 T malloc\n00008020 T _Znwj\n"), ["malloc", "_Znwj"])

    def test_an_image_takes_flash_for_what_its_variables_begin_with(self):
        text = "   text\t   data\t    bss\t    dec\t    hex\tfilename\n    100\t     10\t      1\t    111\t     6f\timage\n"
        self.assertEqual(image_sizes(text), {"flash": 110, "ram": 11})

    def test_a_larger_firmware_is_worse(self):
        gates = read_gates("microbit_traffic\tflash\t100\t150\n")
        worse, _ = judge({"microbit_traffic": {"flash": 151, "ram": 1}}, gates)
        self.assertEqual(worse, ["firmware: UART, engine: flash 151, gate 100, recorded 150"])

    def test_symbols_have_sizes(self):
        self.assertEqual(symbols("00000000 00000010 B engine_memory\n         U other\n"), {"engine_memory": 16})


if __name__ == "__main__":
    unittest.main()
