# Shows that dev/check_tree.py can say no: one small tree for each rule, and one that breaks none.
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "dev"))
from check_tree import check_tree

GOOD = {
    "include/mqtt_as/engine.hpp": '#include "mqtt_as/types.hpp"\n#include <span>\n',
    "include/mqtt_as/mqtt_as.hpp": '#include "mqtt_as/asio/client.hpp"\n',
    "include/mqtt_as/asio/client.hpp": '#include "mqtt_as/engine.hpp"\n#include <string>\n',
    "include/mqtt_as/payload.hpp": '#include "mqtt_as/types.hpp"\n#include <string>\n',
    "src/engine/outbox.cpp": '#include "src/engine/outbox.hpp"\n#include "src/wire/protocol.hpp"\n// steady_clock\n',
    "src/asio/client.cpp": '#include "mqtt_as/asio/client.hpp"\n#include "src/asio/pump.hpp"\n#include <thread>\n',
    "src/lwip/client.cpp": '#include "mqtt_as/lwip/client.hpp"\n#include <coroutine>\n#include <lwip/tcp.h>\n',
    "firmware/mps2/main.cpp": '#include "firmware/common/start.hpp"\n#include <mqtt_as/mqtt_as.hpp>\n',
    "tests/sim/broker.cpp": '#include "tests/sim/broker.hpp"\n#include <vector>\n',
    "tests/unit/outbox_test.cpp": '#include "src/engine/outbox.hpp"\n#include <gtest/gtest.h>\n',
    "tests/conformance/client.hpp": '#include "tests/unit/engine_text.hpp"\n',
    "tests/asio/client_test.cpp": '#include "src/asio/pump.hpp"\n#include "tests/support/eventually.hpp"\n',
    "tests/cli/pub_test.cpp": '#include "tests/support/child_process.hpp"\n',
    "examples/range.cpp": '#include "mqtt_local.hpp"\n#include <mqtt_as/mqtt_as.hpp>\n#include <iostream>\n',
}
ANOTHER_FLOOR = "floor that this one does not see"

# path, its text, what must be objected to
BAD = [
    ("src/wire/reader.cpp", "#include <string>\n", "not for wire and engine"),
    ("src/engine/timers.cpp", "#  include <thread>\n", "not for wire and engine"),
    ("include/mqtt_as/types.hpp", "#include <functional>\n", "not for wire and engine"),
    ("src/engine/timers.cpp", "auto t = engine_clock::now();\n", "reads a clock"),
    ("src/engine/timers.cpp", "using clock = std::chrono::steady_clock;\n", "reads a clock"),
    ("src/wire/reader.cpp", '#include "src/engine/outbox.hpp"\n', ANOTHER_FLOOR),
    ("src/engine/engine.cpp", '#include "src/asio/pump.hpp"\n', ANOTHER_FLOOR),
    ("src/engine/engine.cpp", '#include "mqtt_as/mqtt_as.hpp"\n', ANOTHER_FLOOR),
    ("src/engine/engine.cpp", '#include "mqtt_as/payload.hpp"\n', ANOTHER_FLOOR),
    ("include/mqtt_as/payload.hpp", '#include "mqtt_as/asio/client.hpp"\n', ANOTHER_FLOOR),
    ("include/mqtt_as/engine.hpp", '#include "mqtt_as/asio/client.hpp"\n', ANOTHER_FLOOR),
    ("include/mqtt_as/engine.hpp", '#include "src/wire/protocol.hpp"\n', ANOTHER_FLOOR),
    ("include/mqtt_as/asio/client.hpp", '#include "src/asio/pump.hpp"\n', ANOTHER_FLOOR),
    ("src/asio/client.cpp", '#include "src/wire/protocol.hpp"\n', ANOTHER_FLOOR),
    ("src/asio/client.cpp", '#include "src/engine/outbox.hpp"\n', ANOTHER_FLOOR),
    ("src/lwip/client.cpp", '#include "mqtt_as/asio/client.hpp"\n', ANOTHER_FLOOR),
    ("src/lwip/client.cpp", '#include <mqtt_as/asio/client.hpp>\n', ANOTHER_FLOOR),
    ("src/lwip/client.cpp", '#include "mqtt_as/payload.hpp"\n', ANOTHER_FLOOR),
    ("include/mqtt_as/lwip/client.hpp", '#include "src/lwip/core_lock.hpp"\n', ANOTHER_FLOOR),
    ("firmware/mps2/port.cpp", '#include "src/lwip/core_lock.hpp"\n', ANOTHER_FLOOR),
    ("src/lwip/client.cpp", "#include <string>\n", "not for boards"),
    ("include/mqtt_as/lwip/config.hpp", "#include <functional>\n", "not for boards"),
    ("firmware/common/start.cpp", "#include <memory>\n", "not for boards"),
    ("tests/sim/broker.cpp", '#include "src/wire/protocol.hpp"\n', ANOTHER_FLOOR),
    ("tests/sim/world.cpp", '#include "mqtt_as/asio/client.hpp"\n', ANOTHER_FLOOR),
    ("tests/unit/outbox_test.cpp", '#include "src/asio/pump.hpp"\n', ANOTHER_FLOOR),
    ("tests/conformance/client.cpp", '#include "src/asio/pump.hpp"\n', ANOTHER_FLOOR),
    ("tests/unit/outbox_test.cpp", '#include "tests/conformance/client.hpp"\n', ANOTHER_FLOOR),
    ("tests/lwip/client_test.cpp", '#include "src/asio/pump.hpp"\n', ANOTHER_FLOOR),
    ("tools/mqtt-as/pub.cpp", '#include "src/wire/protocol.hpp"\n', ANOTHER_FLOOR),
    ("examples/range.cpp", '#include "tests/support/eventually.hpp"\n', ANOTHER_FLOOR),
    ("src/surprise/new.cpp", '#include "mqtt_as/engine.hpp"\n', ANOTHER_FLOOR),
    ("src/engine/engine.cpp", '#include "outbox.hpp"\n', "not written from the root"),
    ("src/asio/client.cpp", '#include "../wire/reader.hpp"\n', "not written from the root"),
]


def objections(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("// What it is for.\n" + ("#pragma once\n" if name.endswith(".hpp") else "") + text)
        return list(check_tree(Path(folder)))


class CheckTree(unittest.TestCase):
    def test_good_tree_is_accepted(self):
        self.assertEqual(objections(GOOD), [])

    def test_each_broken_rule_is_objected_to_where_it_is_broken(self):
        for path, text, wanted in BAD:
            with self.subTest(path=path, text=text):
                found = objections(GOOD | {path: text})
                self.assertEqual(len(found), 1, found)
                line = 3 if path.endswith(".hpp") else 2
                self.assertTrue(found[0].startswith(f"{path}:{line}: "), found)
                self.assertIn(wanted, found[0])

    def test_files_begin_with_their_purpose_and_headers_are_read_once(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "src/wire").mkdir(parents=True)
            Path(folder, "src/wire/reader.hpp").write_text("#include <span>\n")
            self.assertEqual(
                list(check_tree(Path(folder))),
                [
                    "src/wire/reader.hpp:1: the first line is not a sentence that says what the file is for",
                    "src/wire/reader.hpp:1: no #pragma once",
                ],
            )

    def test_an_empty_tree_is_no_success(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(len(list(check_tree(Path(folder)))), 1)


if __name__ == "__main__":
    unittest.main()
