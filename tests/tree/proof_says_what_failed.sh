#!/usr/bin/env bash
# dev/prove.sh goes on after a failure, counts it, and fails; without proofs it fails, too.
set -euo pipefail
prove=$1/dev/prove.sh
said=$(printf '%s\n' 'bad echo 3 lost; false' 'good echo nothing lost' | "$prove") && exit 1
grep -qE '^bad +NO .* 3 lost$' <<<"$said"
grep -qE '^good +yes .* nothing lost$' <<<"$said"
[[ $(tail -n 1 <<<"$said") == "1 passed, 1 failed" ]]
echo 'good true' | "$prove" >/dev/null
! "$prove" </dev/null >/dev/null
