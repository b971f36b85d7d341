#!/usr/bin/env bash
# Links what a board would and judges it by dev/size/gates.tsv.
set -euo pipefail
cmake --preset board
cmake --build build/board
dev/size.py build/board
