#!/usr/bin/env bash
# Builds the fuzz targets with clang's libFuzzer, where `./run fuzz` does.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
cmake --preset fuzz >/dev/null
cmake --build build/fuzz --target fuzz_targets
