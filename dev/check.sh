#!/usr/bin/env bash
# Runs clang-tidy over the library, the tools and the examples, side by side; any warning is an error. Twice: the rules of
# style read the groups of sources that a unity build compiles, so that they look at the headers that sources share once a
# group; the analyzer, which does not follow functions of a file that is included, reads each source by itself.
set -euo pipefail
cd "$(dirname "$0")/.."
groups_of=build/tidy/compile_commands.json
sources_of=build/release/compile_commands.json
ours="(src|tools|examples)/"
mapfile -t groups < <(grep -oP '"file": "\K[^"]*/unity_[^"]*' $groups_of | xargs grep -lE "\"$PWD/$ours")
mapfile -t alone < <(grep -oP "\"file\": \"$PWD/\K$ours[^\"]*\.cpp" $groups_of | sort -u)
mapfile -t sources < <(grep -oP "\"file\": \"$PWD/\K$ours[^\"]*\.cpp" $sources_of | sort -u)
grouped() { cat "${groups[@]}" | grep -oP "\"$PWD/\K$ours[^\"]*\.cpp"; }
read_twice() { comm -12 <({ grouped; printf '%s\n' "${alone[@]}"; } | sort -u) <(printf '%s\n' "${sources[@]}" | sort -u); }
mapfile -t unread < <(dev/sources.sh | grep -E "^$ours.*\.cpp$" | sort | comm -23 - <(read_twice))
if ((${#unread[@]})); then
    printf 'check: SKIPPED %s: no build/lwip (dev/fetch_sources.sh), or no libslirp-dev?\n' "${unread[@]}" >&2
    [[ ${CI:-} != true ]] || exit 1
fi

tidy() {
    clang-tidy-19 --quiet --extra-arg=-Wno-unknown-warning-option "$@" \
        2> >(grep -vE '^[0-9]+ warnings?( and .*)? generated' >&2)
}
rules() { tidy -p build/tidy --checks='-clang-analyzer-*' "$1"; }
# Walking into the standard library, whose promises the analyzer knows anyway, costs four fifths of its time.
analyzer() {
    tidy -p build/release --checks='-bugprone-*,-misc-*,-modernize-*,-performance-*,-readability-*' \
        --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=c++-stdlib-inlining=false "$1"
}
export -f tidy rules analyzer
if ! {
    printf 'rules %s\n' "${groups[@]}" "${alone[@]}"
    printf 'analyzer %s\n' "${sources[@]}"
} | xargs -P "$(nproc)" -I '{}' bash -c '{}'; then
    echo "check: clang-tidy objects, see above" >&2
    exit 1
fi
echo "check: clang-tidy has nothing to say about $(read_twice | wc -l) sources and their headers"
