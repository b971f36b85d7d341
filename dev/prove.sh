#!/usr/bin/env bash
# Runs the proofs on standard input, each a line of a name and a command, whatever becomes of them; says at the end how
# those that failed ended (ten lines), what each came to (the last line of its output), and how many passed. Lines that
# begin with `beside` wait more than they compute: they run one after another beside those that follow.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
results=$(mktemp -d build/proof.XXXX)
# Nothing that runs beside stays behind, either: in the background it would not hear Ctrl-C.
trap 'for lane in $(jobs -p); do kill -- "-$lane" 2>/dev/null; done; rm -r "$results"' EXIT
trap 'exit 130' INT TERM

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
    set -m  # a process group of its own
    for each in "${beside[@]}"; do prove "${each%% *}" "${each#* }"; done | sed -u 's/^/beside: /' &
    set +m
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
for name in "${names[@]}"; do
    grep -qE '^[^ ]+ +NO ' "$results/$name" && tail -n 10 "$results/$name.log" | sed "s/^/$name: /"
done
said=$(cd "$results" && cat "${names[@]}" </dev/null)
passed=$(grep -cE '^[^ ]+ +yes ' <<<"$said")
echo "$said"
echo "$passed passed, $((${#names[@]} - passed)) failed"
((passed == ${#names[@]} && passed > 0))
