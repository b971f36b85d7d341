#!/usr/bin/env bash
# A full run whose figures are kept: raw in bench/results, as tables and plots in docs.
set -euo pipefail
cd "$(dirname "$0")/.."
machine=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | sort -u | head -1 | tr '[:upper:]' '[:lower:]' | tr -cs 'a-z0-9' '-' | sed 's/-*$//')
file=bench/results/$(date -u +%F)-${machine:-unknown}.json
status=0
build/release/bin/mqtt-as-bench --json "$file" "$@" || status=$?
((status <= 1)) || exit "$status"
bench/plot.py "$file" docs
exit "$status"
