#!/usr/bin/env bash
# Links what a board would and judges it by dev/size/gates.tsv.
set -euo pipefail
cmake --preset board -B "$1"
cmake --build "$1"
dev/size.py "$1"
