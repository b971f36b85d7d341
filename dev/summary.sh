#!/usr/bin/env bash
# Reads ctest's report and prints the closing line of `./run test`: N passed, N failed.
set -euo pipefail
count() { sed -n "s/.*\<$1=\"\([0-9]*\)\".*/\1/p" <<<"$suite"; }
suite=$(tr '\n' ' ' <"$1" | grep -o '<testsuite [^>]*>')
tests=$(count tests) failures=$(count failures) skipped=$(($(count skipped) + $(count disabled)))
((skipped == 0)) || echo "$skipped skipped"
echo "$((tests - failures - skipped)) passed, $failures failed"
