#!/usr/bin/env bash
# The judge of a soak objects to a lost message, to a leak of memory and to one of descriptors, each by its name.
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

objects_to() {  # KIND WORDS
    local said=$folder/$1
    if "$program" --minutes 0.3 --seed 2 --break "$1" >"$said" 2>&1; then
        if grep SKIPPED "$said"; then return 0; fi
        echo "soak does not object to $1"
        return 1
    fi
    grep -q "$2" "$said" || { echo "soak objects to $1, but not by saying '$2':"; cat "$said"; return 1; }
}
if "$program" --break nothing-known >"$folder/usage" 2>&1; then echo "soak takes any --break"; exit 1; fi

# Side by side: each has namespaces of its own.
objects_to drop-one ', 1 lost,' & first=$!
objects_to leak 'NOT FLAT' & second=$!
objects_to descriptors 'NOT FLAT' & third=$!
status=0
for job in "$first" "$second" "$third"; do wait "$job" || status=1; done
((status != 0)) || echo "soak objects to a lost message, a leak, descriptors that stay open"
exit "$status"
