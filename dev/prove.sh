#!/usr/bin/env bash
# Runs the proofs on standard input, each a line of a name and a command, whatever becomes of them; says at the end what
# each came to (the last line of its output), and how many passed. Lines that begin with `beside` wait more than they
# compute: they run one after another beside those that follow.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
results=$(mktemp -d build/proof.XXXX)
trap 'rm -r "$results"' EXIT

# NAME COMMAND: leaves its line among the results.
prove() {
    local name=$1 command=$2 begin=$SECONDS verdict=NO
    echo "proof: $name: $command"
    if eval "$command" </dev/null 2>&1 | tee "$results/$name.log"; then verdict=yes; fi
    printf '%-10s %-3s %5d s  %s\n' "$name" "$verdict" $((SECONDS - begin)) "$(tail -n 1 "$results/$name.log")" \
        >"$results/$name"
}

names=() beside=()
run_beside() {
    ((${#beside[@]})) || return 0
    for each in "${beside[@]}"; do prove "${each%% *}" "${each#* }"; done | sed -u 's/^/beside: /' &
    beside=()
}
mapfile -t proofs
for proof in "${proofs[@]}"; do
    if [[ $proof == "beside "* ]]; then
        beside+=("${proof#beside }")
        proof=${proof#beside }
    else
        run_beside
        prove "${proof%% *}" "${proof#* }"
    fi
    names+=("${proof%% *}")
done
run_beside
wait

echo
passed=0
for name in "${names[@]}"; do
    cat "$results/$name"
    [[ ! $(<"$results/$name") =~ ^[^\ ]+\ +yes\  ]] || passed=$((passed + 1))
done
echo "$passed passed, $((${#names[@]} - passed)) failed"
((passed == ${#names[@]} && passed > 0))
