#!/usr/bin/env bash
# Builds the fuzz targets with clang's libFuzzer in the folder given.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
cmake --preset fuzz -B "$1" >/dev/null
cmake --build "$1" --target fuzz_targets
