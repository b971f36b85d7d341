#!/usr/bin/env bash
# Compiles wire and engine for a board, where there are no exceptions, no RTTI and 32-bit sizes.
set -euo pipefail
cmake --preset board
cmake --build build/board --target mqtt_as_engine
