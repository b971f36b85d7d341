#!/usr/bin/env bash
# Builds the release and holds its instructions and allocations per message against the gates: a test of `./run test`.
set -euo pipefail
cd "$(dirname "$0")/.."
{ cmake --preset release && cmake --build build/release --target mqtt-as-bench; } >build/bench-steady.log 2>&1 ||
    { cat build/bench-steady.log >&2; exit 1; }
exec build/release/bin/mqtt-as-bench --steady
