#!/usr/bin/env bash
# Runs clang-tidy over the library, the tools and the examples, side by side; any warning is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(dev/sources.sh | grep -E '^(src|tools|examples)/.*\.cpp$')
if ! grep -q '/src/lwip/' build/release/compile_commands.json; then
    echo "check: SKIPPED src/lwip: no build/lwip (dev/fetch_sources.sh), or no libslirp-dev" >&2
    [[ ${CI:-} != true ]] || exit 1
    mapfile -t files < <(printf '%s\n' "${files[@]}" | grep -v '^src/lwip/')
fi
tidy() {
    clang-tidy-19 --quiet -p build/release --extra-arg=-Wno-unknown-warning-option "$1" \
        2> >(grep -vE '^[0-9]+ warnings?( and .*)? generated' >&2)
}
export -f tidy
if ! printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -I '{}' bash -c 'tidy {}'; then
    echo "check: clang-tidy objects, see above" >&2
    exit 1
fi
echo "check: clang-tidy has nothing to say about ${#files[@]} sources and their headers"
