#!/usr/bin/env bash
# Compiles wire and engine for a board, where there are no exceptions, no RTTI and 32-bit sizes.
set -euo pipefail
cmake --preset board -B "$1"
cmake --build "$1" --target mqtt_as_engine
