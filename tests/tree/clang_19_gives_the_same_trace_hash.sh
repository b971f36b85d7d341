#!/usr/bin/env bash
# Runs the same seeds in the simulators of both compilers: what they report, trace hashes included, must be equal.
# A difference is an order of evaluation or of hashing, or undefined behaviour.
set -euo pipefail
build=$1 simulator=$2
cmake --preset clang -B "$build"
cmake --build "$build" --target mqtt-as-sim
for seed in 1 2 3; do
    diff <("$simulator" --seed "$seed") <("$build/bin/mqtt-as-sim" --seed "$seed")
done
