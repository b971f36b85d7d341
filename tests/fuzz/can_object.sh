#!/usr/bin/env bash
# Shows that a fuzz target can say no: when it claims too much, its corpus must make it object.
set -euo pipefail
if said=$(FUZZ_CLAIM_TOO_MUCH=1 "$1" "$2" 2>&1); then
    echo "$1 has nothing to object" >&2
    exit 1
fi
grep -a 'objection: ' <<<"$said"
