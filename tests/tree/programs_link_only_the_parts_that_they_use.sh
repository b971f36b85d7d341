#!/usr/bin/env bash
# What is behind a key of the configuration that a program does not mention is not in it. Judged is the release, a static library
# of an object for each source.
set -euo pipefail
cmake --preset release
cmake --build build/release --target example_callbacks example_tls example_fallback

has() { nm -C "build/release/bin/example_$1" | grep -c " $2" >/dev/null; }
declare -A parts=([tls]='mqtt_as::detail::tls_transport::' [wifi]='mqtt_as::detail::wifi_station::' [v5]='mqtt_as::wire::v5$')
for part in "${!parts[@]}"; do
    if has callbacks "[A-Za-z] ${parts[$part]}"; then echo "example_callbacks does not use $part, but has it" >&2; exit 1; fi
done
has tls "[A-Za-z] ${parts[tls]}" || { echo "example_tls uses TLS, but does not have it" >&2; exit 1; }
has fallback "[A-Za-z] ${parts[wifi]}" || { echo "example_fallback sets ssid, but has no wifi_station" >&2; exit 1; }
echo "programs link only the parts that they use"
