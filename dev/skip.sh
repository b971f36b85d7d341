#!/usr/bin/env bash
# A test that cannot be run here says so by status 77; for continuous integration (CI=true) that is a failure.
echo "SKIPPED: $*" >&2
[[ ${CI:-} != true ]] || exit 1
exit 77
