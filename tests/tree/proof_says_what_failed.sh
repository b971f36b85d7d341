#!/usr/bin/env bash
# dev/prove.sh goes on after a failure, counts it, and fails, also when it happens beside others; without proofs it fails, too.
set -euo pipefail
prove=$1/dev/prove.sh
said=$(printf '%s\n' 'bad echo the last; echo 3 lost; false' 'good echo nothing lost' | "$prove") && exit 1
grep -qE '^bad +NO .* 3 lost$' <<<"$said"
[[ $(grep -c '^bad: the last$' <<<"$said") == 1 ]]
grep -qE '^good +yes .* nothing lost$' <<<"$said"
[[ $(tail -n 1 <<<"$said") == "1 passed, 1 failed" ]]
echo 'good true' | "$prove" >/dev/null
"$prove" </dev/null >/dev/null && exit 1
both=$(mktemp -u)  # each waits for the other
said=$(printf '%s\n' "beside first mkfifo $both; echo here >$both; false" "second until [[ -p $both ]]; do sleep 0.01; done; cat $both" | "$prove") && exit 1
rm "$both"
grep -qE '^first +NO ' <<<"$said"
grep -qE '^second +yes .* here$' <<<"$said"
[[ $(tail -n 1 <<<"$said") == "1 passed, 1 failed" ]]
