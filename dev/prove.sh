#!/usr/bin/env bash
# Runs the proofs on standard input, each a line of a name and a command, whatever becomes of them; says at the end what
# each came to (the last line of its output), and how many passed.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p build

mapfile -t proofs
passed=0 failed=0 results=()
for proof in "${proofs[@]}"; do
    read -r name command <<<"$proof"
    log=$(mktemp "build/proof-$name.XXXX")
    begin=$SECONDS
    echo "proof: $name: $command"
    if eval "$command" </dev/null 2>&1 | tee "$log"; then
        passed=$((passed + 1)) verdict=yes
    else
        failed=$((failed + 1)) verdict=NO
    fi
    results+=("$(printf '%-10s %-3s %5d s  %s' "$name" "$verdict" $((SECONDS - begin)) "$(tail -n 1 "$log")")")
    rm "$log"
done

echo
printf '%s\n' "${results[@]}" "$passed passed, $failed failed"
((failed == 0 && passed > 0))
