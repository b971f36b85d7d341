#!/usr/bin/env bash
# Runs the same seeds in the simulators of both compilers: their trace hashes must be equal. A difference is an order
# of evaluation or of hashing, or undefined behaviour.
set -euo pipefail
build=build/clang simulator=$1 seeds=20
cmake --preset clang
cmake --build "$build" --target mqtt-as-sim
"$simulator" --seeds $seeds --hash >"$build/hashes_of_gcc"
"$build/bin/mqtt-as-sim" --seeds $seeds --hash >"$build/hashes_of_clang"
diff "$build/hashes_of_gcc" "$build/hashes_of_clang"
[[ $(wc -l <"$build/hashes_of_gcc") == "$seeds" ]]
