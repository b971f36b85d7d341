#!/usr/bin/env bash
# Builds the measuring program in the release, for a test of `./run test`.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release
cmake --build build/release --target mqtt-as-bench
